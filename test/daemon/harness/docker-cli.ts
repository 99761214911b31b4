import { runCommand, type CommandOptions, type CommandResult } from '../../support/command.ts'
import type { Daemon } from './dockerd.ts'

/** Docker's own command line at the daemon's local socket, past TLS: for what a test only needs, and doesn't test. */
export function dockerLocally(
  daemon: Daemon,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { folder, listen } = daemon.place
  const env = { DOCKER_HOST: listen[0], DOCKER_CONFIG: `${folder}/no-config`, ...options.env }
  return runCommand('docker', args, { ...options, env })
}
