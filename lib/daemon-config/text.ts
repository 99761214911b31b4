import { DaemonError } from '../base/errors.ts'

/**
 * What no path, name or address of ours may hold. Control characters end lines or steer terminals; a lone
 * surrogate has no UTF-8; and systemd ignores a whole line with a noncharacter in it, since its utf8_is_valid()
 * takes none (systemd, src/basic/utf8.c). A tab is harmless once it is quoted.
 */
const UNUSABLE = /(?!\t)[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u
/** The same and what is invisible: a message must not read as something else. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/gu
/** Enough to recognize a value by. */
const LONGEST_SHOWN = 200
/** PATH_MAX is 4096 with its NUL (limits.h). */
const LONGEST_PATH = 4095

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

/** Names the first character that can't be rendered anywhere, as `the character U+000A`. */
export function unusableCharacter(text: string): string | undefined {
  const found = UNUSABLE.exec(text)?.[0]
  return found === undefined ? undefined : `the character ${codePoint(found)}`
}

/** Foreign text, fit for a message: quoted, one line, nothing invisible, not endless. */
export function show(text: string): string {
  const cut = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text
  return `"${cut.replace(UNPRINTABLE, (character) => `<${codePoint(character)}>`)}"`
}

/** `a, b and c`. */
export function enumerate(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`
}

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
    tried: `rendering ${what}, the path ${show(path)}`,
    got: fault,
    todo: 'Give the whole path on the machine of the daemon, such as /etc/docker/tls/ca.pem.',
  })
}
