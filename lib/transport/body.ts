import { Readable } from 'node:stream'
import { ArgumentError } from '../base/errors.ts'
import { isAsyncIterable, readableOf } from './given-streams.ts'
import type { WireRequest } from './send.ts'

/** Bytes in memory or as a stream. For a file, pass `createReadStream(path)`. */
export type Bytes = Uint8Array | Readable | AsyncIterable<Uint8Array>

/** A request body. Objects are sent as JSON, strings and bytes as they are. */
export type RequestBody = object | string | Bytes

/**
 * Returns the body and the content type of a request. Strings and bytes are sent as they are, all other objects as
 * JSON.
 */
export function encodeBody(body: RequestBody | undefined): Pick<WireRequest, 'body' | 'headers'> {
  if (body === undefined) return {}
  if (typeof body === 'string' || body instanceof Uint8Array || body instanceof Readable) return { body }
  if (isAsyncIterable(body)) return { body: readableOf(body) }
  try {
    return { body: JSON.stringify(body, refuseCollections), headers: { 'content-type': 'application/json' } }
  } catch (cause) {
    throw new ArgumentError('ERR_ARGUMENT_INVALID', {
      tried: 'writing a request body as JSON',
      got: (cause as Error).message.split('\n')[0] ?? '',
      todo: 'Pass plain objects and arrays, without cycles and BigInt.',
      cause,
    })
  }
}

/** JSON.stringify() would write `{}`, and the daemon would take it for an empty object. */
function refuseCollections(key: string, value: unknown): unknown {
  if (!(value instanceof Map || value instanceof Set)) return value
  throw new TypeError(`${key === '' ? 'it' : `its field ${key}`} is a ${value instanceof Map ? 'Map' : 'Set'}`)
}
