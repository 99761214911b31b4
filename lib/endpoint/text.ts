/** Control characters, lone surrogates and line separators: none is part of a host, a path or a name. */
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u
/** The same, and the invisible ones that would make a message read as something else. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu
/** Enough to recognize a value by; what is longer was never meant to be read. */
const LONGEST_SHOWN = 200

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

/** Names the first character that no value of ours may hold, as `the control character U+000A`. */
export function forbiddenCharacter(text: string): string | undefined {
  const found = FORBIDDEN.exec(text)?.[0]
  return found === undefined ? undefined : `the control character ${codePoint(found)}`
}

/** Makes foreign text fit for a message or a terminal: one line, nothing invisible, not endless. */
export function printable(text: string): string {
  const cut = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text
  return cut.replace(UNPRINTABLE, (character) => `<${codePoint(character)}>`)
}

/** The same for a text of several lines, each of which may be long. */
export function printableLines(text: string): string {
  return text.replace(UNPRINTABLE, (character) => (character === '\n' ? character : `<${codePoint(character)}>`))
}

/** Sockets and ssh: what stands before an `@` there is a path or a login name, and worth showing. */
const NO_SECRET_BEFORE_AT = /^(?:unix:\/\/|npipe:\/\/|ssh:\/\/|\/(?!\/)|\\\\)/i

/**
 * A host as a message may show it: user name and password, query and fragment of a URL are left out, since
 * that is where people put passwords and tokens.
 */
export function showHost(text: string): string {
  const host = text.trim()
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(host)?.[0] ?? ''
  const rest = host.slice(scheme.length)
  const before = /^(.*)(@|%40)/is.exec(rest)?.[1]
  const named = NO_SECRET_BEFORE_AT.test(host)
  if (before !== undefined && !(named && !/:|%3a/i.test(before))) {
    return printable(`${scheme}***${withoutQuery(rest.slice(before.length))}`)
  }
  return printable(named ? host : scheme + withoutQuery(rest))
}

function withoutQuery(text: string): string {
  return text.replace(/([?#]).+$/s, '$1***')
}
