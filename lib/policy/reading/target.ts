import { Unreadable } from './unreadable.ts'

/** The target of a request, decoded once, as dockerd does before it routes. */
export interface Target {
  /** Of the path. A `%2F` separates segments like a slash. */
  readonly segments: readonly string[]
  /** Behind the first `?`, as it is. */
  readonly search: string
}

/** dockerd also answers absolute URLs, and routes by their path. */
const ORIGIN_FORM = /^\/[\x21\x22\x24-\x7e]*$/
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/

/** Splits and decodes a request target, and refuses what others would route elsewhere. */
export function parseTarget(target: string): Target {
  if (!ORIGIN_FORM.test(target)) throw ambiguous('it must begin with a slash, and be ASCII without spaces and #')
  const at = target.indexOf('?')
  const path = decodePath(at === -1 ? target : target.slice(0, at))
  const segments = path.split('/').slice(1)
  // dockerd redirects to the path without them.
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..'))
    throw ambiguous('it has an empty segment, or . or .. as a segment')
  return { segments, search: at === -1 ? '' : target.slice(at + 1) }
}

function decodePath(path: string): string {
  const decoded = decodePercent(path)
  if (decoded === undefined) throw ambiguous('its percent-encoding is invalid')
  if (CONTROL.test(decoded)) throw ambiguous('it has a control character')
  // No name of the API has one. Whoever decodes twice, or takes \ for a slash, would read another path.
  if (/[%\\]/.test(decoded)) throw ambiguous('it has % or \\ after decoding')
  return decoded
}

/** Decodes once. @returns undefined for an incomplete escape, or bytes that aren't UTF-8 */
export function decodePercent(text: string): string | undefined {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

const ambiguous = (got: string): Unreadable => new Unreadable('PATH_AMBIGUOUS', 'the path', got)
