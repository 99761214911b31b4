/**
 * A stream that opens when it is needed: when it is awaited, which gives the open stream, or when it is looped over.
 * Until then nothing is sent.
 *
 * @example
 * ```ts
 * for await (const event of docker.system.events({ signal })) console.log(event.Action)
 * const events = await docker.system.events() // it is open, or has failed to
 * ```
 */
export class Opening<Item, Stream extends AsyncIterable<Item>> implements PromiseLike<Stream>, AsyncIterable<Item> {
  readonly #open: () => Promise<Stream>
  #opened: Promise<Stream> | undefined

  /** @internal */
  constructor(open: () => Promise<Stream>) {
    this.#open = open
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is meant to be awaited
  then<Fulfilled = Stream, Rejected = never>(
    onFulfilled?: ((stream: Stream) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    this.#opened ??= this.#open()
    return this.#opened.then(onFulfilled, onRejected)
  }

  /** As a promise's. */
  catch<Rejected = never>(
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Stream | Rejected> {
    return this.then(undefined, onRejected)
  }

  /** As a promise's. */
  finally(onFinally?: (() => void) | null): Promise<Stream> {
    return Promise.resolve(this).finally(onFinally)
  }

  /** Opens the stream, and iterates over it. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Item> {
    let opened: AsyncIterator<Item> | undefined
    let opening: Promise<AsyncIterator<Item>> | undefined
    const open = (): Promise<AsyncIterator<Item>> =>
      (opening ??= this.then((stream) => (opened = stream[Symbol.asyncIterator]())))
    // A generator around the stream's own would cost its turns again for each item.
    const iterator: AsyncIterableIterator<Item> = {
      next: () => opened?.next() ?? open().then((items) => items.next()),
      return: async () => (await opening)?.return?.() ?? { done: true, value: undefined },
      [Symbol.asyncIterator]: () => iterator,
    }
    return iterator
  }
}
