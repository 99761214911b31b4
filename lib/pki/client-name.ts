import { PkiError } from '../base/errors.ts'
import { checkText } from '../base/options.ts'

/** What a folder can be called on every system, and what an authorization plugin can match without quoting. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/

/** Windows keeps these for devices: a folder of that name can't be made there, nor unpacked. */
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)$/i

/**
 * Reads the name for a client certificate: its common name, which dockerd takes as the user's name, and its folder's.
 *
 * @param name - 1 to 64 letters, digits, `-` and `_`, beginning with a letter or digit
 * @throws {@link PkiError} ERR_NAME_INVALID, with a name that would do
 */
export function parseClientName(name: string): string {
  checkText(name, 'the name for a client certificate')
  const got = fault(name)
  if (got === undefined) return name
  const better = suggestClientName(name)
  throw new PkiError('ERR_NAME_INVALID', {
    tried: `reading the client's name ${JSON.stringify(name)}`,
    got,
    todo: better === undefined ? 'Give a name such as  alice  or  ci-runner_2 .' : `Write  ${better}  instead.`,
  })
}

/**
 * The nearest name that a client can have: `-` for every dot and other character that it can't.
 *
 * @param text - a login name, mostly
 * @returns undefined where nothing usable is left
 */
export function suggestClientName(text: string): string | undefined {
  const name = text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^A-Za-z0-9_-]+/g, '-')
    .replaceAll(/^[-_]+|-+$/g, '')
    .slice(0, 64)
  return fault(name) === undefined ? name : undefined
}

function fault(name: string): string | undefined {
  if (name === '') return 'it is empty'
  if (name.length > 64) return `it has ${name.length} characters, and a common name at most 64`
  if (name.includes('.')) return 'it has a dot in it, and would pass for a host name'
  if (!NAME.test(name)) return 'it has other characters than letters, digits, - and _, or begins with - or _'
  if (RESERVED.test(name)) return 'Windows has no folder of that name'
  return undefined
}
