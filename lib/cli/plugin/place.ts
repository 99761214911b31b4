import { join } from 'node:path'
import type { Command } from 'commander'
import type { Environment } from '../../endpoint/environment.ts'
import { dockerConfig } from '../inputs/docker-config.ts'
import { once } from '../command-line/options.ts'

/** The docker command's plugins of this user; docker/cli looks there first (cli-plugins/manager/manager.go). */
export function pluginFolder(dir: string | undefined, env: Environment): string {
  return dir ?? join(dockerConfig(env), 'cli-plugins')
}

export function addPluginFolder(command: Command): Command {
  const what = 'the plugin folder (default: cli-plugins in DOCKER_CONFIG, else in ~/.docker)'
  return command.option('--dir <dir>', what, once('--dir'))
}
