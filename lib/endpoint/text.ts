import { nameCharacter, printable } from '../base/text.ts'

/** Control characters, lone surrogates and line separators, which no host, path or name may contain. */
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u

/** Describes the first forbidden character in a text: `the control character U+000A`. */
export function forbiddenCharacter(text: string): string | undefined {
  const found = FORBIDDEN.exec(text)?.[0]
  return found === undefined ? undefined : nameCharacter(found)
}

/**
 * Sockets and ssh, also if the colon or a slash is missing. In these forms, the text before an `@` is a path or a login name, and
 * messages may show it.
 */
const NO_SECRET_BEFORE_AT = /^(?:(?:unix|npipe|ssh):?\/\/|ssh:\/|\/(?!\/)|\\\\)/i

/**
 * Formats a host for a message. The user name, password, query and fragment of a URL are replaced, because they may contain
 * passwords and tokens.
 */
export function showHost(text: string): string {
  const host = text.trim()
  const scheme = /^(?:[a-z][a-z0-9+.-]*:\/\/|ssh:\/)/i.exec(host)?.[0] ?? ''
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
