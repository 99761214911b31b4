import { DaemonError } from './errors.ts'
import { quoted, unusableCharacter } from './text.ts'

/** PATH_MAX is 4096 with its NUL (limits.h). */
const LONGEST_PATH = 4095

/** Why a path isn't absolute and normalized; undefined if it is. */
export function pathFault(path: string): string | undefined {
  if (path === '') return 'it is empty'
  const character = unusableCharacter(path)
  if (character !== undefined) return `it contains ${character}`
  if (!path.startsWith('/')) return 'it does not begin with /'
  if (Buffer.byteLength(path) > LONGEST_PATH) return `it is longer than ${LONGEST_PATH} bytes`
  if (path.endsWith('/')) return 'it ends with /, so it names a folder'
  const parts = path.slice(1).split('/')
  if (parts.includes('')) return 'it contains //'
  if (parts.includes('.') || parts.includes('..')) return 'it contains . or .. as a part'
  return undefined
}

/**
 * Refuses a path that isn't absolute and normalized: the daemon must open exactly the file that the configuration names.
 *
 * @param path - the path
 * @param what - how errors name it, such as `tls.ca`
 * @throws {@link DaemonError} `ERR_PATH_INVALID`
 */
export function checkPath(path: string, what: string): void {
  const fault = pathFault(path)
  if (fault === undefined) return
  throw new DaemonError('ERR_PATH_INVALID', {
    tried: `rendering ${what}, the path ${quoted(path)}`,
    got: fault,
    todo: 'Use the absolute path on the machine of the daemon, such as /etc/docker/tls/ca.pem.',
  })
}
