import type { Command } from 'commander'
import type { RequestedApply } from '../../apply/options.ts'
import { addDaemonOptions, addFormOptions, once, readSeconds } from './options.ts'

/** The flags of an apply, on this host or over ssh. */
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
  addFormOptions(command)
  return addDaemonOptions(command, { unit: false })
    .option('--live-restore', 'keep containers running while dockerd restarts')
    .option('--no-live-restore', 'stop containers when dockerd stops')
    .option(
      '--rollback-after <seconds>',
      'if this command is cut off, the host rolls back by itself after this time (default: 180)',
      once('--rollback-after'),
    )
}

export function requestedSettings(flags: ApplyFlags): Omit<RequestedApply, 'server' | 'override'> {
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
