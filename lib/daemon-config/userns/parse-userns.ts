import { DaemonError } from '../../base/errors.ts'
import { quoted } from '../../base/text.ts'

/** What useradd makes by default, and capitals and dots, which it takes when told to (useradd(8)). */
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/
const NUMBER = /^(?:0|[1-9]\d{0,9})$/
/** dockerd reads ids as int32; what is greater it would look up as a name (moby, parseRemappedRoot in daemon/daemon_unix.go). */
const HIGHEST_ID = 2 ** 31 - 1

const FORMS = 'Write default, USER, USER:GROUP, UID or UID:GID.'

/**
 * Lets a value of `--userns-remap` through that really remaps.
 *
 * @param value - `default`, `user`, `user:group`, `uid` or `uid:gid`
 * @returns the same value
 * @throws {@link DaemonError} `ERR_USERNS_INVALID`; also for root and uid 0, with which dockerd only warns and starts
 *   **without** user namespaces
 * @example
 * ```ts
 * parseUserns('default')
 * ```
 */
export function parseUserns(value: string): string {
  const [user = '', group, ...more] = value.split(':')
  if (more.length > 0) refuse(value, 'it has more than one colon', FORMS)
  if (!isAccount(user)) refuse(value, `${quoted(user)} is no user name and no uid`, FORMS)
  if (group !== undefined && !isAccount(group)) refuse(value, `${quoted(group)} is no group name and no gid`, FORMS)
  if (user === 'root' || user === '0') {
    refuse(value, 'root can not be remapped to itself: dockerd would start without user namespaces', 'Write default.')
  }
  if (user === 'default' && group !== undefined) refuse(value, 'default stands for user and group', 'Write default.')
  return value
}

function isAccount(text: string): boolean {
  return NAME.test(text) || (NUMBER.test(text) && Number(text) <= HIGHEST_ID)
}

function refuse(value: string, got: string, todo: string): never {
  throw new DaemonError('ERR_USERNS_INVALID', { tried: `the value ${quoted(value)} of userns-remap`, got, todo })
}
