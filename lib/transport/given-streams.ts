import { Readable, type Writable } from 'node:stream'

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
export function watchOutputs(...targets: readonly unknown[]): () => void {
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
