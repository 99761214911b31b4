import type { Command } from 'commander'
import type { RequestedApply } from '../../apply/options.ts'
import type { DaemonSettingsPatch } from '../../daemon-config/daemon-settings.ts'
import { printable, quoted } from '../../base/text.ts'
import type { Io } from '../terminal/io.ts'
import { addDaemonOptions, addFormOptions, once, readTime } from './options.ts'

/** The flags of an apply, on this host or over ssh. */
export interface ApplyFlags {
  readonly systemd?: true
  readonly daemonJson?: true
  readonly listen?: string
  readonly tlsdir?: string
  readonly usernsRemap?: string | false
  readonly liveRestore?: boolean
  readonly settings?: string
  readonly rollbackAfter?: string
}

export function addApplyOptions(command: Command): Command {
  addFormOptions(command)
  addDaemonOptions(command, { unit: false })
    .option('--live-restore', 'keep containers running while dockerd restarts')
    .option('--no-live-restore', 'stop containers when dockerd stops')
    .option(
      '--settings <file>',
      'further changes to daemon.json, as JSON; null removes a key. audit --fix writes such a file',
      once('--settings'),
    )
  return addRollbackAfter(command)
}

export function addRollbackAfter(command: Command): Command {
  return command.option(
    '--rollback-after <time>',
    'if this command is cut off, the host rolls back by itself after this time (default: 180s)',
    once('--rollback-after'),
  )
}

/** For commands that test the access of a client. */
export function addNoClientProof(command: Command): Command {
  return command.option('--no-client-proof', "don't fail if no client certificate was tested")
}

/**
 * @throws {@link DaemonError} ERR_DAEMON_JSON_INVALID for the file of --settings
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function requestedSettings(
  flags: ApplyFlags,
  io: Io,
): Promise<Omit<RequestedApply, 'server' | 'override'>> {
  const { listen, tlsdir: tlsDir, usernsRemap, liveRestore, systemd, daemonJson } = flags
  const form = daemonJson === true ? 'daemon-json' : systemd === true ? 'systemd' : undefined
  const daemonSettings = flags.settings === undefined ? undefined : await readSettings(flags.settings, io)
  return { listen, tlsDir, usernsRemap, liveRestore, form, daemonSettings }
}

async function readSettings(path: string, io: Io): Promise<DaemonSettingsPatch> {
  const { parseDaemonSettings } = await import('../../daemon-config/daemon-settings.ts')
  const { readInput } = await import('../inputs/input-file.ts')
  const text = (await readInput(path, io, { what: 'the settings' })).toString('utf8')
  return parseDaemonSettings(text, printable(path))
}

/** @throws {@link ArgumentError} ERR_ARGUMENT_INVALID */
export async function rollbackAfterOf({ rollbackAfter }: ApplyFlags): Promise<number | undefined> {
  if (rollbackAfter === undefined) return undefined
  const { checkRollbackAfter } = await import('../../apply/options.ts')
  const seconds = readTime('--rollback-after', rollbackAfter) / 1000
  return checkRollbackAfter(seconds, `the option --rollback-after ${quoted(rollbackAfter)}`)
}
