import { ArgumentError } from '../base/errors.ts'
import type { RequestedSettings } from '../daemon-config/requested-settings.ts'
import type { HostShell } from '../host/shell.ts'
import type { OnStep } from '../base/progress.ts'
import type { ConfigurationForm } from '../daemon-config/settings-in-force.ts'
import type { ServerFiles } from './server-files.ts'

/** What the daemon of a host shall be. */
export interface RequestedApply extends RequestedSettings {
  /** The daemon's three files. Absent: those that are on the host stay. */
  readonly server?: ServerFiles | undefined
  /** Folders in which those were looked for, and not found. */
  readonly lookedIn?: readonly string[] | undefined
  /** The drop-in that `init` rendered, whose settings count where no option says otherwise. */
  readonly override?: string | undefined
  /** @defaultValue as it is there, else `systemd` */
  readonly form?: ConfigurationForm | undefined
  /** Containers go on while dockerd restarts. @defaultValue as it is there */
  readonly liveRestore?: boolean | undefined
}

/** What a client shows to prove that clients get in. The key never leaves our process. */
export interface ProbeIdentity {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** How an apply goes about it. */
export interface ApplyOptions extends RequestedApply {
  readonly shell: HostShell
  /** A client's certificate to try. Without it the report says that client access was not proven. */
  readonly probe?: ProbeIdentity | undefined
  /**
   * The address by which the host is reached from here. @defaultValue that of the listener, or loopback
   */
  readonly address?: string | undefined
  /**
   * When the host puts everything back by itself, should we not be heard of again: in seconds, from the first change on.
   *
   * @defaultValue 180
   */
  readonly rollbackAfter?: number | undefined
  /** Gives up, and puts back what was changed. */
  readonly signal?: AbortSignal | undefined
  readonly onStep?: OnStep | undefined
}

/** Long enough for a slow start of dockerd and the proof, short enough to wait for. */
export const ROLLBACK_AFTER_S = 180

/**
 * Reads `--rollback-after`.
 *
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID
 */
export function checkRollbackAfter(seconds: number): number {
  if (Number.isInteger(seconds) && seconds >= 10 && seconds <= 3600) return seconds
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `waiting ${seconds} seconds before the host goes back by itself`,
    got: 'that is no whole number from 10 to 3600',
    todo: `Leave it out: ${ROLLBACK_AFTER_S} seconds do for most hosts.`,
  })
}
