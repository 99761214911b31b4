import { withoutEnd } from '../base/text.ts'
import { hasDotSegment } from '../base/dot-segments.ts'
import { ArgumentError } from '../base/errors.ts'
import { shown } from './description.ts'

declare const encoded: unique symbol
/** A path of the Engine API in which each substitution is one encoded segment. */
export type ApiPath = string & {
  /** Only the template tag {@link path} creates it. */
  readonly [encoded]: true
}

/** A promise has no id yet, and neither has what is read from it. */
function notText(value: unknown): [got: string, todo?: string] {
  if (value instanceof Promise) return ['it is a promise', 'Await the promise first.']
  if (value === undefined) return ['it is missing', 'Pass the id or name. Was the call that returns it awaited?']
  return [`it is ${shown(value)}, not a string`]
}

function segment(value: unknown, of = 'an API path'): string {
  const invalid = (got: string, todo = 'Pass the id or name as Docker prints it.'): ArgumentError =>
    new ArgumentError('ERR_PATH_SEGMENT_INVALID', {
      tried: `the id or name${typeof value === 'string' ? ` ${shown(value)}` : ''} in ${of}`,
      got,
      todo,
    })
  if (typeof value !== 'string') throw invalid(...notText(value))
  // WHATWG URL and proxies resolve these, encoded or not: `..` would reach the endpoint of another object. So would
  // `a/..`, since dockerd and many proxies decode slashes first.
  if (value === '' || hasDotSegment(value))
    throw invalid(value === '' ? 'it is empty' : 'it has . or .. as a path segment')
  // Names in a list of containers begin with a slash. dockerd would redirect to the path without it.
  if (/^\/|\/\/|\/$/.test(value)) {
    const clean = withoutEnd(value.replace(/^\/+/, ''), '/').replaceAll(/\/+/g, '/')
    throw invalid('it has an extra slash', clean === '' ? undefined : `Remove the slash:  ${clean}`)
  }
  try {
    return encodeURIComponent(value)
  } catch {
    throw invalid('it has a lone surrogate')
  }
}

/**
 * Tags a template as a path of the Engine API. Each substitution becomes exactly one segment, so that no id can
 * reach another endpoint.
 *
 * @throws {@link ArgumentError} ERR_PATH_SEGMENT_INVALID for an id that is empty, isn't a string, or has `.` or `..` as
 *   a segment
 * @example
 * ```ts
 * path`/images/${'me/app:1.2'}/json` // '/images/me%2Fapp%3A1.2/json'
 * ```
 */
export function path(strings: TemplateStringsArray, ...values: string[]): ApiPath {
  return String.raw({ raw: strings.raw }, ...values.map((value) => segment(value))) as ApiPath
}

/**
 * Fills the placeholders of a path of the specification, such as `/containers/{id}/json`, with ids or names.
 *
 * @param of - whose ids they are, for messages: `containers.inspect()`
 */
export function expandPath(template: string, ids: readonly unknown[] = [], of?: string): ApiPath {
  return expand(template, ids, (id) => segment(id, of)) as ApiPath
}

/**
 * The same path for a message. It never throws: an id that can't be encoded becomes `?`, because the call itself
 * refuses that id, and the caller must see that error.
 */
export function describePath(template: string, ids: readonly unknown[]): string {
  return expand(template, ids, (id) => {
    try {
      return encodeURIComponent(id as string)
    } catch {
      return '?'
    }
  })
}

function expand(template: string, ids: readonly unknown[], encode: (id: unknown) => string): string {
  let next = 0
  return template.replaceAll(/\{\w+\}/g, () => encode(ids[next++]))
}

/** A complete path from a caller: it must begin with `/`, and have no dot segments, query or white space. */
export function checkPath(text: unknown): string {
  const ok = typeof text === 'string' && /^\/[\x21-\x7e]*$/.test(text) && !/[?#\\]/.test(text)
  if (ok && !hasDotSegment(text)) return text
  throw new ArgumentError('ERR_PATH_SEGMENT_INVALID', {
    tried: `a request for the path ${shown(text)}`,
    got: 'it must begin with / and be ASCII without dot segments, spaces, ?, # and \\',
    todo: 'Write it as path`/containers/${id}/json`, which encodes the id, and pass the query as { query }.',
  })
}
