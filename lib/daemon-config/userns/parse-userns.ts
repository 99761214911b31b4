import { DaemonError } from '../../base/errors.ts'
import type { Sentence } from '../../base/sentence.ts'
import { quoted } from '../../base/text.ts'

/** Names that useradd accepts by default, and also capitals and dots, which it accepts with --badname (useradd(8)). */
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/
const NUMBER = /^(?:0|[1-9]\d{0,9})$/
/** dockerd parses IDs as int32, and treats greater numbers as names (moby, parseRemappedRoot in daemon/daemon_unix.go). */
const HIGHEST_ID = 2 ** 31 - 1

const FORMS = 'Write default, USER, USER:GROUP, UID or UID:GID.'

/**
 * Checks that a value of `--userns-remap` is valid and turns user namespaces on.
 *
 * @param value - `default`, `user`, `user:group`, `uid` or `uid:gid`
 * @returns the same value
 * @throws {@link DaemonError} `ERR_USERNS_INVALID`; also for root and uid 0, for which dockerd only warns and starts
 *   **without** user namespaces
 * @example
 * ```ts
 * parseUserns('default')
 * ```
 */
export function parseUserns(value: string): string {
  const [user = '', group, ...more] = value.split(':')
  if (more.length > 0) refuseUserns(value, 'it has more than one colon', FORMS)
  if (!isAccount(user)) refuseUserns(value, `${quoted(user)} is neither a user name nor a uid`, FORMS)
  if (group !== undefined && !isAccount(group))
    refuseUserns(value, `${quoted(group)} is neither a group name nor a gid`, FORMS)
  if (user === 'root' || user === '0') {
    refuseUserns(
      value,
      'dockerd cannot remap root to itself, and would start without user namespaces',
      'Use the value default.',
    )
  }
  if (user === 'default' && group !== undefined)
    refuseUserns(value, 'default stands for the user and the group', 'Use the value default alone.')
  return value
}

function isAccount(text: string): boolean {
  return NAME.test(text) || (NUMBER.test(text) && Number(text) <= HIGHEST_ID)
}

/** Refuses a value of `--userns-remap`. */
export function refuseUserns(value: string, got: string, todo: Sentence): never {
  throw new DaemonError('ERR_USERNS_INVALID', { tried: `using the value ${quoted(value)} of userns-remap`, got, todo })
}
