import { finished, type Readable } from 'node:stream'
import { ConnectionError } from '../../base/errors.ts'
import type { Named } from '../api-error.ts'
import { readTwice } from '../read-twice.ts'
import { errorOf, StreamFault } from './fault.ts'

/** What is made of a body's chunks. */
export interface Reading<Item> {
  /** For messages. */
  readonly request: Named
  /** What one chunk holds. */
  readonly split: (chunk: Buffer) => Iterable<Item>
  /** Comes after each chunk. @throws StreamFault where one was found in it */
  readonly check?: () => void
  /** Comes at the end. @throws StreamFault where that is no end */
  readonly end?: () => Iterable<Item> | void
  /** Turns an error of the connection into ours, where it isn't one yet. */
  readonly explain?: ((error: unknown) => unknown) | undefined
}

/** Bodies that somebody has begun to read. */
const taken = new WeakSet<Readable>()

/** What Node and undici call the end of a stream that was destroyed without a reason. */
const CLOSED: ReadonlySet<unknown> = new Set(['UND_ERR_ABORTED', 'ERR_STREAM_PREMATURE_CLOSE'])

/**
 * Reads a body at the pace at which what it holds is taken; whoever leaves the loop ends the request. The body's own
 * iterator would take several turns for each line of a log, since dockerd sends each line as an HTTP chunk of its own.
 */
export async function* readChunks<Item>(
  body: Readable,
  { request, split, check, end, explain = (error) => error }: Reading<Item>,
): AsyncGenerator<Item, void, undefined> {
  if (taken.has(body)) throw readTwice()
  taken.add(body)
  const tap = new Tap(body)
  try {
    while (!tap.ended) {
      const chunk = tap.take()
      if (chunk === null) {
        await tap.more()
        continue
      }
      // Not yield*, which takes several turns for each.
      for (const item of split(chunk)) yield item
      check?.()
    }
    for (const item of end?.() ?? []) yield item
  } catch (error) {
    if (error instanceof StreamFault) throw errorOf(request, error)
    const explained = explain(error)
    throw CLOSED.has((explained as { code?: unknown }).code) ? closedEarly(explained) : explained
  } finally {
    tap.close()
  }
}

/** What is longer came in a hurry, and waiting for more would hold it up. In bytes. */
const SMALL = 16 * 1024

/** Takes chunks out of a stream. */
class Tap {
  readonly #body: Readable
  readonly #forget: () => void
  #end: { readonly error: unknown } | undefined
  #wake: (() => void) | undefined
  #size = 0

  constructor(body: Readable) {
    this.#body = body
    body.on('readable', this.#readable)
    this.#forget = finished(body, { writable: false }, (error) => {
      this.#end = { error }
      this.#readable()
    })
  }

  /** Whether all was taken. @throws what the stream failed with */
  get ended(): boolean {
    if (this.#end?.error) throw this.#end.error
    return this.#end !== undefined
  }

  /** All that has come; null where that is nothing. */
  take(): Buffer | null {
    const chunk = this.#body.destroyed ? null : (this.#body.read() as Buffer | null)
    if (chunk) this.#size = chunk.length
    return chunk
  }

  /** Waits until more has come, or the end. */
  more(): Promise<void> {
    if (this.#end !== undefined) return Promise.resolve()
    return new Promise((resolve) => (this.#wake = resolve))
  }

  close(): void {
    this.#body.off('readable', this.#readable)
    this.#forget()
    this.#body.destroy()
  }

  /** Of small chunks, all that this turn of the event loop brings is taken together. */
  readonly #readable = (): void => {
    const wake = this.#wake
    this.#wake = undefined
    if (wake && this.#size < SMALL) setImmediate(wake)
    else wake?.()
  }
}

function closedEarly(cause: unknown): ConnectionError {
  return new ConnectionError('ERR_CLIENT_CLOSED', {
    tried: 'reading a stream from the daemon',
    got: 'it was closed before its end',
    todo: 'Read it to its end before you close it, or repeat the call.',
    cause,
  })
}
