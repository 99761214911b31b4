import type { Command } from 'commander'
import type { RequestedApply } from '../../apply/options.ts'
import { addDaemonOptions, once, readSeconds } from './options.ts'

/** The flags of what is applied to a host: here, or by ssh. */
export interface ApplyFlags {
  readonly systemd?: true
  readonly daemonJson?: true
  readonly listen?: string
  readonly tlsdir?: string
  readonly usernsRemap?: string | false
  readonly liveRestore?: boolean
  readonly rollbackAfter?: string
}

export function addApplyOptions(command: Command): Command {
  command
    .addOption(command.createOption('--systemd', 'all in the systemd drop-in (default)').conflicts('daemonJson'))
    .option('--daemon-json', 'in daemon.json, with the drop-in that leaves it there')
  return addDaemonOptions(command, { unit: false })
    .option('--live-restore', 'containers go on while dockerd restarts')
    .option('--no-live-restore', 'they stop with it')
    .option(
      '--rollback-after <seconds>',
      'when the host puts everything back by itself, should this command be cut off (default: 180)',
      once('--rollback-after'),
    )
}

export function requestedOf(flags: ApplyFlags): Omit<RequestedApply, 'server' | 'override'> {
  const { listen, tlsdir: tlsDir, usernsRemap, liveRestore, systemd, daemonJson } = flags
  const form = daemonJson === true ? 'daemon-json' : systemd === true ? 'systemd' : undefined
  return { listen, tlsDir, usernsRemap, liveRestore, form }
}

/** @throws {@link ArgumentError} ERR_ARGUMENT_INVALID */
export async function rollbackAfterOf({ rollbackAfter }: ApplyFlags): Promise<number | undefined> {
  if (rollbackAfter === undefined) return undefined
  const { checkRollbackAfter } = await import('../../apply/options.ts')
  return checkRollbackAfter(readSeconds('--rollback-after', rollbackAfter) / 1000)
}
