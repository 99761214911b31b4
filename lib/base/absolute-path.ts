import { DaemonError } from './errors.ts'
import { quoted, unusableCharacter } from './text.ts'

/** PATH_MAX is 4096 with its NUL (limits.h). */
const LONGEST_PATH = 4095

/** Why a path isn't an absolute, clean one; undefined when it is. */
export function pathFault(path: string): string | undefined {
  if (path === '') return 'it is empty'
  const character = unusableCharacter(path)
  if (character !== undefined) return `it holds ${character}`
  if (!path.startsWith('/')) return 'it does not begin with /'
  if (Buffer.byteLength(path) > LONGEST_PATH) return `it is longer than ${LONGEST_PATH} bytes`
  if (path.endsWith('/')) return 'it ends with /, so it names a folder'
  const parts = path.slice(1).split('/')
  if (parts.includes('')) return 'it has // in it'
  if (parts.includes('.') || parts.includes('..')) return 'it has a part . or .. in it'
  return undefined
}

/**
 * Lets an absolute, clean path through: what the daemon opens must be what the file says.
 *
 * @param path - the path
 * @param what - names it in the message, as `tls.ca`
 * @throws {@link DaemonError} `ERR_PATH_INVALID`
 */
export function checkPath(path: string, what: string): void {
  const fault = pathFault(path)
  if (fault === undefined) return
  throw new DaemonError('ERR_PATH_INVALID', {
    tried: `rendering ${what}, the path ${quoted(path)}`,
    got: fault,
    todo: 'Give the whole path on the machine of the daemon, such as /etc/docker/tls/ca.pem.',
  })
}
