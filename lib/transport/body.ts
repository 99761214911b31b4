import { Readable, type Writable } from 'node:stream'
import { ArgumentError } from '../base/errors.ts'
import type { WireRequest } from './send.ts'

/** Bytes in memory or as a stream. For a file, pass `createReadStream(path)`. */
export type Bytes = Uint8Array | Readable | AsyncIterable<Uint8Array>

/** A request body. Objects are sent as JSON, strings and bytes as they are. */
export type RequestBody = object | string | Bytes

/** True for Node.js streams, web streams and all other async iterables. */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

/** The failures of streams that callers gave to calls. */
const FAILURES = new WeakMap<object, Error | undefined>()

/**
 * Listens for the failure of a stream that a caller gave to a call, from the moment of the call: nobody else listens until the
 * call reads it, or if it never does, and Node would end the process.
 */
export function watchInput(given: unknown): void {
  if (!isEmitter(given) || FAILURES.has(given)) return
  FAILURES.set(given, undefined)
  given.on('error', (error: Error) => void FAILURES.set(given, error))
}

/**
 * Listens for failures of streams that a call writes to, even before it does.
 *
 * @returns ends that: afterwards failures are the caller's again
 */
function watchOutputs(...targets: readonly unknown[]): () => void {
  const writable = targets.filter(
    (target) => typeof (target as Partial<Writable> | null | undefined)?.on === 'function',
  )
  for (const target of writable as Writable[]) target.on('error', ignore)
  const off = (): void => (writable as Writable[]).forEach((target) => target.off('error', ignore))
  // The 'error' event follows the failed write.
  return () => void setImmediate(off)
}

function ignore(): void {}

/** Runs a call with the streams of a program. Their failures, whenever they come, are left to the call. */
export async function watched<Result>(options: unknown, run: () => Promise<Result>): Promise<Result> {
  const { stdin, stdout, stderr } = (options ?? {}) as Readonly<Record<string, unknown>>
  watchInput(stdin)
  const unwatch = watchOutputs(stdout, stderr)
  try {
    return await run()
  } finally {
    unwatch()
  }
}

/** The failure of a stream, if it has failed already. */
export function failureOf(given: object): Error | undefined {
  return (given as Partial<Readable>).errored ?? FAILURES.get(given)
}

/** A caller's stream, web stream or other async iterable as a stream of Node.js. */
export function readableOf(given: AsyncIterable<unknown>): Readable {
  if (given instanceof Readable) return given
  return Readable.from(isEmitter(given) ? untilFailure(given) : given)
}

/** If an old stream of another package has failed, its loop ends without an error. */
async function* untilFailure(given: AsyncIterable<unknown>): AsyncGenerator<unknown, void, undefined> {
  const check = (): void => {
    const failure = failureOf(given)
    if (failure !== undefined) throw failure
  }
  check()
  yield* given
  check()
}

/** Streams of other packages are no Readable. */
function isEmitter(value: unknown): value is Pick<Readable, 'on'> {
  return isAsyncIterable(value) && typeof (value as Partial<Readable>).on === 'function'
}

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
