import type { IncomingMessage } from 'node:http'
import { PassThrough, type Readable } from 'node:stream'
import { ByteList } from '../../base/byte-list.ts'
import { countValues } from '../../base/json.ts'
import { MOST_VALUES } from '../../policy/reading/scan-json.ts'
import { refusal, type Refusal } from '../refusal.ts'

/** Limits of a JSON body, which is read whole before anybody is asked. */
export interface BodyLimits {
  readonly bytes: number
  readonly milliseconds: number
  /** Says whether the identity may have that many more bytes in memory. */
  readonly reserve: (bytes: number) => boolean
}

/** Why a body can't be read, or what a request names can't be held. */
export class BodyRefused extends Error {
  readonly refusal: Refusal | undefined
  /** @param refused - undefined: the client has left */
  constructor(refused?: Refusal) {
    super('the body was refused')
    this.refusal = refused
  }
}

/** Does the head of a request announce a body? It may still be empty. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** Is a part of the body still to come? While a request is announced, Node doesn't know yet that it has none. */
export function isArriving(request: IncomingMessage): boolean {
  return hasBody(request) && !request.complete && !request.destroyed
}

/** Is it JSON by its media type, as dockerd reads it: whatever its parameters and its case? */
export function isJson({ headers }: IncomingMessage): boolean {
  return /^\s*application\/json\s*(?:;|$)/i.test(headers['content-type'] ?? '')
}

/**
 * Reads a JSON body.
 *
 * @param source - the request, or the connection of a request that asks for an upgrade
 * @param length - of the body; undefined: until the source ends
 * @throws {@link BodyRefused}
 */
export function readBody(source: Readable, length: number | undefined, limits: BodyLimits): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // A client chooses how small its chunks are.
    const chunks = new ByteList()
    let size = 0
    const timer = setTimeout(() => settle(late()), limits.milliseconds)
    const settle = (refused?: BodyRefused): void => {
      clearTimeout(timer)
      source.off('data', take).off('end', ended).off('close', left).pause()
      if (refused) reject(refused)
      else resolve(chunks.take())
    }
    const take = (chunk: Buffer): void => {
      const part = length === undefined ? chunk : chunk.subarray(0, length - size)
      size += part.length
      if (size > limits.bytes) return settle(tooLarge(limits.bytes))
      if (!limits.reserve(part.length)) return settle(tooMany())
      chunks.push(part)
      if (size !== length) return
      settle()
      // What follows the body belongs to the connection's next protocol.
      if (part.length < chunk.length) source.unshift(chunk.subarray(part.length))
    }
    const left = (): void => settle(new BodyRefused())
    const ended = (): void => settle(length === undefined || size === length ? undefined : new BodyRefused())
    if (length !== undefined && length > limits.bytes) return settle(tooLarge(limits.bytes))
    source.on('data', take).once('end', ended).once('close', left)
    if (source.destroyed) left()
  })
}

/**
 * A stream for the body that can be destroyed without its connection, on which the answer is still to be written. To be piped into it when
 * the daemon gets it: until then, another stream can have the body.
 */
export function bodyStream(request: IncomingMessage): PassThrough {
  const body = new PassThrough()
  const closed = (): void => {
    if (!request.complete) body.destroy(new Error('the client left'))
  }
  body.on('error', () => {}).once('close', () => request.off('close', closed))
  request.once('close', closed)
  return body
}

export function tooLarge(bytes: number): BodyRefused {
  return new BodyRefused(refusal(413, 'BODY_TOO_LARGE', `the body has more than ${bytes} bytes`))
}

/** What a value of JSON takes in memory while a request is judged, in bytes (measured: 40 to 192). */
const VALUE_BYTES = 200

/** Estimates how much memory a parsed JSON body takes, by its commas and opening brackets. A body with more values is refused. */
export function readBytes(body: Uint8Array): number {
  return Math.min(countValues(body), MOST_VALUES) * VALUE_BYTES
}

export function tooMany(): BodyRefused {
  return new BodyRefused(refusal(429, 'TOO_MANY_REQUESTS', 'too many bodies of this client are open at once'))
}

function late(): BodyRefused {
  return new BodyRefused(refusal(408, 'REQUEST_TIMEOUT', 'the body did not arrive in time'))
}
