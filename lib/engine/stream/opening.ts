import { LazyPromise } from './lazy-promise.ts'
import { closedEarly } from './source.ts'

/** An open stream, which may be closed before its end. */
export interface Closable<Item> extends AsyncIterable<Item> {
  /** Cancels the request. */
  close?(): Promise<void>
}

/**
 * A stream that isn't open yet. Nothing is sent until you `await` it, which returns the open stream, or iterate over
 * it.
 *
 * @example
 * ```ts
 * for await (const event of docker.system.events({ signal })) console.log(event.Action)
 * const events = await docker.system.events() // open now, or an error
 * ```
 */
export class Opening<Item, Stream extends Closable<Item>>
  extends LazyPromise<Stream>
  implements AsyncIterable<Item>, AsyncDisposable
{
  readonly #open: (closed: AbortSignal) => Promise<Stream>
  readonly #closing = new AbortController()
  #opened: Promise<Stream> | undefined
  #stream: Stream | undefined

  /**
   * @param open - opens the stream. The signal aborts if its reader closes it before it is open
   * @internal
   */
  constructor(open: (closed: AbortSignal) => Promise<Stream>) {
    super()
    this.#open = open
  }

  /** Opens the stream, and iterates over it. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Item> {
    return this.iterate((stream) => stream[Symbol.asyncIterator]())
  }

  /** Cancels the request. A loop ends without an error. If the stream isn't open yet, `await` rejects. */
  async close(): Promise<void> {
    if (this.#stream) return this.#stream.close?.()
    if (!this.#closing.signal.aborted) this.#closing.abort(closedEarly())
    if (!this.#opened) return
    const stream = await this.#opened.catch(() => undefined)
    await stream?.close?.()
  }

  /** Like {@link Opening.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /**
   * Opens the stream, and iterates over a part of it.
   *
   * @internal
   */
  protected iterate<Part>(partsOf: (stream: Stream) => AsyncIterator<Part>): AsyncIterableIterator<Part> {
    let opened: AsyncIterator<Part> | undefined
    let opening: Promise<AsyncIterator<Part>> | undefined
    const open = (): Promise<AsyncIterator<Part>> => (opening ??= this.then((stream) => (opened = partsOf(stream))))
    const end = (error: unknown): IteratorResult<Part> => {
      const { aborted, reason } = this.#closing.signal
      if (!aborted || error !== reason) throw error
      return { done: true, value: undefined }
    }
    // A generator around that of the stream would take additional turns for each item.
    const iterator: AsyncIterableIterator<Part> = {
      next: () =>
        opened?.next() ??
        open()
          .then((parts) => parts.next())
          .catch(end),
      return: async () => {
        if (opening && !opened) await this.close()
        return opened?.return?.() ?? { done: true, value: undefined }
      },
      [Symbol.asyncIterator]: () => iterator,
    }
    return iterator
  }

  /** @internal */
  protected override begin(): Promise<Stream> {
    return (this.#opened ??= this.#openNow())
  }

  async #openNow(): Promise<Stream> {
    this.#closing.signal.throwIfAborted()
    this.#stream = await this.#open(this.#closing.signal)
    return this.#stream
  }
}
