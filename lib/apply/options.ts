import { ArgumentError } from '../base/errors.ts'
import { option, sentence, type Sentence } from '../base/sentence.ts'
import type { DaemonSettingsPatch } from '../daemon-config/daemon-settings.ts'
import type { RequestedSettings } from '../daemon-config/requested-settings.ts'
import type { ConfigurationForm } from '../daemon-config/settings-in-force.ts'
import type { ServerFiles } from './server-files.ts'

/** The requested state of a host's daemon. */
export interface RequestedApply extends RequestedSettings {
  /** The daemon's three files. Absent: those that are on the host stay. */
  readonly server?: ServerFiles | undefined
  /** The folders in which they were not found. */
  readonly lookedIn?: readonly string[] | undefined
  /** The drop-in that `init` rendered. Its settings are used where no option sets another value. */
  readonly override?: string | undefined
  /** The form of the configuration. @defaultValue the current form on the host, else `systemd` */
  readonly form?: ConfigurationForm | undefined
  /** Keeps containers running while dockerd restarts. @defaultValue the current setting on the host */
  readonly liveRestore?: boolean | undefined
  /** Further changes to daemon.json, as a merge patch (RFC 7396). */
  readonly daemonSettings?: DaemonSettingsPatch | undefined
}

/** The client certificate with which the verification connects. The key never leaves our process. */
export interface ProbeIdentity {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** In seconds. Long enough for a slow start of dockerd and the verification, and short enough to wait for. */
export const ROLLBACK_AFTER_S = 180

/**
 * Checks the time after which the host rolls back by itself.
 *
 * @param tried - how the value was given, for the message
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID
 */
export function checkRollbackAfter(
  seconds: number,
  tried: Sentence = sentence`the option ${option('rollbackAfter')}, ${seconds} seconds`,
): number {
  if (Number.isInteger(seconds) && seconds >= 10 && seconds <= 3600) return seconds
  const beyond = seconds > 3600 ? 'it is more than an hour' : 'it is not a whole number of seconds'
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried,
    got: seconds < 10 ? 'it is less than 10 seconds' : beyond,
    todo: 'Give a whole number of seconds from 10 to 3600, or leave it out.',
  })
}
