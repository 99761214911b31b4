import { EndpointError, type EndpointErrorCode } from '../base/errors.ts'
import type { Sentence } from '../base/sentence.ts'

/** The text of a host, and how to parse it. */
export interface HostText {
  /** The text without surrounding white space. */
  readonly text: string
  /** The host for error messages, with its source and without secrets: `DOCKER_HOST=tcp://h:2375`. */
  readonly tried: Sentence
  readonly tlsOnPort2375: boolean
  /** Whether it was written without a scheme. */
  readonly bare?: boolean
}

/** The remedy for a host that resembles none of the forms. */
export const FORMS = 'Use tcp://HOST:2376, unix:///PATH, ssh://USER@HOST or npipe:////./pipe/NAME.'

/** Refuses a host: `got` is the reason, `todo` the likely correction. */
export function refuse(
  host: HostText,
  got: string,
  todo: Sentence,
  code: EndpointErrorCode = 'ERR_HOST_INVALID',
): never {
  throw new EndpointError(code, { tried: host.tried, got, todo })
}

const BROKEN_SCHEME = /^(?<word>tcp|https?|unix|npipe|ssh|fd)(?<separator>:\/?|\/+)(?<rest>.*)$/i

/** A scheme without its colon or slashes: what is missing, and the text after it. `text` has no whole scheme. */
export function brokenScheme(
  text: string,
): { readonly scheme: string; readonly rest: string; readonly fault: string } | undefined {
  const { word, separator = '', rest = '' } = BROKEN_SCHEME.exec(text)?.groups ?? {}
  return word === undefined ? undefined : { scheme: word.toLowerCase(), rest, fault: missingPart(word, separator) }
}

/** After `unix:`, a slash already belongs to the path. */
function missingPart(word: string, separator: string): string {
  if (separator === '//') return `a colon is missing after ${word}`
  if (separator === ':/' && word.toLowerCase() !== 'unix') return `a slash is missing after ${word}:`
  return `it begins with ${word}${separator} instead of ${word}://`
}
