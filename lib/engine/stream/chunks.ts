import { finished, type Readable } from 'node:stream'
import { LONGEST_TIMER } from '../../base/abort.ts'
import type { Named } from '../api-error.ts'
import { silenceFault } from '../../transport/time-limits.ts'
import { readTwice } from '../read-twice.ts'
import { errorOf, StreamFault } from './fault.ts'
import { closedEarly, closing, type Source } from './source.ts'

/** How to read the chunks of a body. */
export interface Reading<Item> {
  /** For messages. */
  readonly request: Named
  /** Splits a chunk into items. */
  readonly split: (chunk: Buffer) => Iterable<Item>
  /** Called after each chunk. @throws StreamFault if the chunk had a fault */
  readonly check?: () => void
  /** Called at the end of the body. @throws StreamFault if the body is incomplete */
  readonly end?: () => Iterable<Item> | void
  /** How long nothing may arrive, in milliseconds. @defaultValue no limit */
  readonly idleTimeout?: number | undefined
  /** When the peer last accepted something, by performance.now(). Then that doesn't count as silence either. */
  readonly acceptedAt?: (() => number) | undefined
  /** Turns an error of the connection into one of ours. */
  readonly explain?: ((error: unknown) => unknown) | undefined
}

/** The codes of Node and undici for a stream that was destroyed without an error. */
const CLOSED: ReadonlySet<unknown> = new Set(['UND_ERR_ABORTED', 'ERR_STREAM_PREMATURE_CLOSE'])

/**
 * Reads a body at the pace of its reader. Leaving the loop cancels the request, and closing the source ends the loop. The
 * body's own iterator would take several turns of the event loop for each line of a log, since dockerd sends each line as
 * an HTTP chunk of its own.
 */
export function readChunks<Item>(source: Source, reading: Reading<Item>): AsyncGenerator<Item, void, undefined> {
  return closing(chunksOf(source, reading), () => source.close())
}

async function* chunksOf<Item>(
  source: Source,
  { request, split, check, end, idleTimeout, acceptedAt, explain = (error) => error }: Reading<Item>,
): AsyncGenerator<Item, void, undefined> {
  if (source.taken) throw readTwice(request)
  source.taken = true
  const tap = new Tap(source.body)
  try {
    while (!tap.ended) {
      const chunk = tap.take()
      if (chunk === null) {
        await (idleTimeout ? tap.moreWithin(idleTimeout, request, acceptedAt) : tap.more())
        continue
      }
      // Not yield*, which takes several turns for each item.
      for (const item of split(chunk)) {
        yield item
        if (source.closed) return
      }
      check?.()
    }
    for (const item of end?.() ?? []) yield item
    source.complete = true
  } catch (error) {
    if (source.closed) return
    if (error instanceof StreamFault) throw errorOf(request, error)
    const explained = explain(error)
    throw CLOSED.has((explained as { code?: unknown }).code) ? closedEarly(explained, request) : explained
  } finally {
    tap.close()
  }
}

/** Chunks below this size are read together with those that follow at once. In bytes. */
const SMALL = 16 * 1024

/** Reads chunks from a stream. */
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

  /** Whether everything was read. @throws the error of the stream */
  get ended(): boolean {
    if (this.#end?.error) throw this.#end.error
    return this.#end !== undefined
  }

  /** All data that have arrived; null if there are none. */
  take(): Buffer | null {
    const chunk = this.#body.destroyed ? null : (this.#body.read() as Buffer | null)
    if (chunk) this.#size = chunk.length
    return chunk
  }

  /** Waits for more data or the end. */
  more(): Promise<void> {
    if (this.#end !== undefined) return Promise.resolve()
    return new Promise((resolve) => (this.#wake = resolve))
  }

  /** Waits in the same way, but not longer than this, from now or from when the peer last accepted something. */
  async moreWithin(milliseconds: number, { method, path }: Named, acceptedAt = (): number => 0): Promise<void> {
    const began = performance.now()
    const check = (): void => {
      const left = Math.max(began, acceptedAt()) + milliseconds - performance.now()
      if (left > 0) timer = setTimeout(check, Math.min(Math.ceil(left), LONGEST_TIMER))
      else this.#body.destroy(silenceFault(`reading ${method} ${path}`, milliseconds))
    }
    let timer = setTimeout(check, Math.min(milliseconds, LONGEST_TIMER))
    await this.more()
    clearTimeout(timer)
  }

  close(): void {
    this.#body.off('readable', this.#readable)
    this.#forget()
    this.#body.destroy()
  }

  /** Small chunks that arrive in the same turn of the event loop are read together. */
  readonly #readable = (): void => {
    const wake = this.#wake
    this.#wake = undefined
    if (wake && this.#size < SMALL) setImmediate(wake)
    else wake?.()
  }
}
