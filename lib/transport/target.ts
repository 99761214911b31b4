import type { Dispatcher } from 'undici'
import { hasDotSegment } from '../base/dot-segments.ts'
import { showHost } from '../endpoint/text.ts'
import { ConnectionError } from '../base/errors.ts'
import { option, sentence } from '../base/sentence.ts'

/** The only target of a dispatcher's requests. */
export interface Target {
  /** The endpoint as users write it. */
  readonly name: string
  readonly origin: string
  readonly prefix: string
}

function refusal({ name }: Target, what: string, only: string, todo: string): ConnectionError {
  return new ConnectionError('ERR_WRONG_ORIGIN', {
    tried: `sending ${what} through the dispatcher of ${name}`,
    got: `it only sends to ${only}`,
    todo,
  })
}

function refuseOrigin(target: Target, origin: string | URL | undefined): ConnectionError | undefined {
  if (origin === undefined || origin === target.origin) return undefined
  const text = String(origin)
  if (URL.canParse(text) && new URL(text).origin === target.origin) return undefined
  const todo = `Use URLs that begin with ${target.origin}, or another dispatcher.`
  return refusal(target, `a request for ${showHost(text)}`, target.origin, todo)
}

/** A proxy would obey an absolute URL, `//host` or CONNECT. Dot segments lead out of the prefix. */
function refusePath(target: Target, method: string, text: string): ConnectionError | undefined {
  const { prefix, origin } = target
  const query = text.indexOf('?')
  const rest = text.startsWith(prefix) ? text.slice(prefix.length, query === -1 ? undefined : query) : ''
  const isInside = /^\/(?!\/)/.test(rest) && !hasDotSegment(rest)
  if (isInside && method !== 'CONNECT') return undefined
  const what = `${method} ${showHost(text)}`
  return refusal(
    target,
    what,
    `paths below ${origin}${prefix}/`,
    `Begin the path with ${prefix}/, and remove dot segments.`,
  )
}

/** Yields the values of a header field. undici accepts headers as an object, a flat list, or pairs. */
function* valuesOf(headers: NonNullable<Dispatcher.DispatchOptions['headers']>, name: string): Generator {
  const flat = Array.isArray(headers) && !Array.isArray(headers[0])
  if (flat) {
    for (let index = 0; index < headers.length; index += 2) {
      if (String(headers[index]).toLowerCase() === name) yield headers[index + 1]
    }
    return
  }
  const pairs = Symbol.iterator in headers ? (headers as Iterable<[unknown, unknown]>) : Object.entries(headers)
  for (const [key, value] of pairs) if (String(key).toLowerCase() === name) yield value
}

/** A gateway may choose the daemon by the Host header. */
function refuseHost(target: Target, headers: Dispatcher.DispatchOptions['headers']): ConnectionError | undefined {
  if (headers === undefined || headers === null) return undefined
  const { host } = new URL(target.origin)
  for (const value of valuesOf(headers, 'host')) {
    if (String(value).toLowerCase() !== host)
      return refusal(target, 'a request with its own Host header', target.origin, 'Remove the Host header.')
  }
  return undefined
}

/** Returns an error if the request would reach anything except the dispatcher's daemon. */
export function refuseTarget(target: Target, options: Dispatcher.DispatchOptions): ConnectionError | undefined {
  return (
    refuseOrigin(target, options.origin) ??
    refusePath(target, options.method, (options as { path?: string }).path ?? '') ??
    refuseHost(target, options.headers)
  )
}

/** Returns an error if the answer is a redirect. */
export function refuseRedirect({ name }: Target, status: number): ConnectionError | undefined {
  if (status < 300 || status >= 400 || status === 304) return undefined
  return new ConnectionError('ERR_REDIRECT_REFUSED', {
    tried: `a request to ${name}`,
    got: `the answer is a redirect (${status}), which the Engine API never sends and docker-mtls never follows`,
    todo: sentence`Set ${option('host')} or DOCKER_HOST to the final address.`,
  })
}
