/**
 * Characters that could disguise a message or control a terminal: control and format characters (bidirectional ones, too),
 * lone surrogates, line separators, noncharacters, and invisible characters.
 */
export const UNPRINTABLE: RegExp =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\p{Default_Ignorable_Code_Point}]/gu
/** Enough to recognize a value. */
const LONGEST_SHOWN = 200

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

function escape(character: string): string {
  return `<${codePoint(character)}>`
}

/** Names a character by its code point: `the control character U+000A`. */
export function nameCharacter(character: string): string {
  return `the ${/\p{Cc}/u.test(character) ? 'control ' : ''}character ${codePoint(character)}`
}

/** Foreign text on one line, with every unprintable character escaped. Its length stays. */
export function escapeText(text: string): string {
  return text.replace(UNPRINTABLE, escape)
}

/** Foreign text for a message or a terminal: escaped, on one line, cut after 200 characters. */
export function printable(text: string): string {
  return escapeText(text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text)
}

/** The same for text of several lines, each of which may be long. */
export function printableLines(text: string): string {
  return text.replace(UNPRINTABLE, (character) => (character === '\n' ? character : escape(character)))
}

/** The same as {@link printable}, in double quotes. */
export function quoted(text: string): string {
  return `"${printable(text)}"`
}

/** The day of a moment, in UTC: `2026-11-25`. */
export function formatDay(date: Date): string {
  return date.toISOString().slice(0, 10)
}

/**
 * The text without these characters at its end. A regular expression such as `/-+$/` takes quadratic time for a long run that
 * isn't at the end.
 */
export function withoutEnd(text: string, characters: string): string {
  let end = text.length
  while (end > 0 && characters.includes(text[end - 1] ?? '')) end--
  return text.slice(0, end)
}

/** `a, b and c`. */
export function enumerate(words: readonly string[], conjunction: 'and' | 'or' = 'and'): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${conjunction} ${words.at(-1) ?? ''}`
}

/** `only client is a`, or `only clients are a and b`, after `the` or `its`. */
export function onlyOnes(noun: string, names: readonly string[]): string {
  return `only ${noun}${names.length === 1 ? ' is' : 's are'} ${enumerate(names)}`
}

/**
 * Characters that paths, names and addresses must not contain. Control characters end lines or control terminals; a lone
 * surrogate has no UTF-8; and systemd ignores a whole line with a noncharacter (systemd, src/basic/utf8.c:
 * utf8_is_valid()). A quoted tab is harmless.
 */
const UNUSABLE = /(?!\t)[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u

/** Names the first character that can't be written to a file or shell line of ours, as {@link nameCharacter} does. */
export function unusableCharacter(text: string): string | undefined {
  const found = UNUSABLE.exec(text)?.[0]
  return found === undefined ? undefined : nameCharacter(found)
}

/** The rest of a foreign error page adds nothing. */
const LONGEST_MESSAGE = 500

/** The message in an answer of the daemon: `{"message": "..."}`, or plain text from a proxy or a plugin. */
export function daemonMessage(body: Buffer): string | undefined {
  const text = body.toString('utf8').trim()
  try {
    const { message } = JSON.parse(text) as { message?: unknown }
    if (typeof message === 'string' && message !== '') return message.trim()
  } catch {
    // A plain-text body is a message, too.
  }
  return text.slice(0, LONGEST_MESSAGE) || undefined
}

/** The name of a client or issuer: valid as a folder name on every system, and easy to match for an authorization plugin. */
export const CLIENT_NAME: RegExp = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/
