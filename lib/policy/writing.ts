import { renderJson } from './json.ts'
import type { ReadRequest } from './request.ts'

/** A request to send in the place of one that was read. */
export interface WrittenRequest {
  /** `POST`. */
  readonly method: string
  /** As in the request line: `/v1.51/containers/create?name=web`. */
  readonly target: string
  /** JSON. Omitted: the request has no JSON body; send an archive as it arrived, and no other body. */
  readonly body?: string
}

/**
 * Writes a request in one way for each reading, so that dockerd gets what was judged: decoded once, with the names of the API,
 * and without what dockerd ignores.
 *
 * @example
 * ```ts
 * import { readRequest, writeRequest } from 'docker-mtls/policy'
 * const read = readRequest({ method: 'GET', target: '/v1.47/containers/w%65b/json' })
 * if ('operation' in read) console.log(writeRequest(read).target) // '/v1.47/containers/web/json'
 * ```
 */
export function writeRequest({ operation, version, parameters, query, body }: ReadRequest): WrittenRequest {
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeParameter(parameters[name] ?? ''))
  const prefix = version === undefined ? '' : `/v${version}`
  return {
    method: operation.method,
    target: prefix + path + encodeQuery(query),
    ...(body !== undefined && { body: renderJson(body) }),
  }
}

const encodeParameter = (value: string): string => value.split('/').map(encodeURIComponent).join('/')

function encodeQuery(query: ReadRequest['query']): string {
  const names = [...query.keys()].toSorted()
  const pairs = names.flatMap((name) => (query.get(name) ?? []).map((value) => [name, value].map(encodeURIComponent)))
  return pairs.length === 0 ? '' : `?${pairs.map((pair) => pair.join('=')).join('&')}`
}
