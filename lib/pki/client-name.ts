import { CLIENT_NAME, quoted, withoutEnd } from '../base/text.ts'
import { PkiError } from '../base/errors.ts'
import { checkText } from '../base/options.ts'

/** Windows reserves these names for devices: such a folder can't be created or unpacked there. */
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)$/i

/**
 * Checks the name of a client. It becomes the common name of its certificate, which dockerd takes as the user name, and the
 * name of its folder.
 *
 * @param name - 1 to 64 letters, digits, `-` and `_`, beginning with a letter or digit
 * @throws {@link PkiError} ERR_NAME_INVALID, with a valid name if one can be derived
 * @example
 * ```ts
 * parseClientName('ci-runner_2') // 'ci-runner_2'
 * parseClientName('ci runner') // throws, and suggests ci-runner
 * ```
 */
export function parseClientName(name: string): string {
  checkText(name, 'the name for a client certificate')
  const got = fault(name)
  if (got === undefined) return name
  const better = suggestClientName(name)
  throw new PkiError('ERR_NAME_INVALID', {
    tried: `reading the client name ${quoted(name)}`,
    got,
    todo:
      better === undefined
        ? 'Use 1 to 64 letters, digits, - and _, for example alice or ci-runner_2.'
        : `Use  ${better}  instead.`,
  })
}

/**
 * Derives a valid client name from any text: every run of characters that aren't allowed becomes `-`.
 *
 * @param text - usually a login name
 * @returns undefined if no valid name is left
 * @example
 * ```ts
 * suggestClientName('José Núñez') // 'Jose-Nunez'
 * ```
 */
export function suggestClientName(text: string): string | undefined {
  const plain = text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^[-_]+/, '')
  const name = withoutEnd(plain, '-').slice(0, 64)
  return fault(name) === undefined ? name : undefined
}

function fault(name: string): string | undefined {
  if (name === '') return 'it is empty'
  if (name.length > 64) return `it has ${name.length} characters; a common name has at most 64`
  if (name.includes('.')) return 'it contains a dot and could be mistaken for a host name'
  if (!CLIENT_NAME.test(name))
    return 'it contains characters other than letters, digits, - and _, or begins with - or _'
  if (RESERVED.test(name)) return 'Windows reserves that name'
  return undefined
}
