import type { Command } from 'commander'
import type { PluginInstalled } from '../plugin/plugin-file.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addJson } from '../command-line/options.ts'
import { pieceText } from '../reports/certificate.ts'
import { addPluginFolder, pluginFolder } from '../plugin/place.ts'

interface InstallFlags {
  readonly dir?: string
  readonly force?: true
  readonly json?: true
}

async function runInstall(flags: InstallFlags, context: Context): Promise<void> {
  const { installPlugin } = await import('../plugin/plugin-file.ts')
  const place = { folder: pluginFolder(flags.dir, context.io.env), makeFolder: flags.dir === undefined }
  const program = { node: process.execPath, script: process.argv[1] ?? '' }
  const installed = await installPlugin(place, program, flags.force === true)
  context.answer({ data: installed, text: installedText(installed, context) }, flags)
}

function installedText({ action, path, program: { node, script } }: PluginInstalled, context: Context): string {
  const about = [`runs ${script}`, `by ${node}`, 'try it: docker mtls ping']
  return `${pieceText({ action, path, about }, context)}\n`
}

function define(command: Command, context: Context): void {
  addPluginFolder(command).option(
    '--force',
    'replace a file of that name that is not ours; install from the cache of npx',
  )
  addJson(command).action((flags: InstallFlags) => runInstall(flags, context))
}

export const pluginInstall: CommandSpec = {
  description:
    'Makes docker-mtls a plugin of the docker command: docker mtls ping is docker-mtls ping then, and so are all others. ' +
    'Options before mtls, such as docker --context build01 mtls ping, mean what they mean to the docker command. It puts ' +
    'one small file into a folder of plugins, which runs docker-mtls from where it is now.',
  examples: [
    ['docker-mtls plugin install', 'for yourself'],
    ['docker-mtls plugin install --dir /usr/local/lib/docker/cli-plugins', 'for all users of this machine, as root'],
  ],
  json: '{ path, action, program: { node, script } }',
  stray: (extra) => `A folder is an option:  docker-mtls plugin install --dir ${extra}`,
  define,
}
