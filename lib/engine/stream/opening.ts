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

  /** Like that of a promise. */
  catch<Rejected = never>(
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Stream | Rejected> {
    return this.then(undefined, onRejected)
  }

  /** Like that of a promise. */
  finally(onFinally?: (() => void) | null): Promise<Stream> {
    return Promise.resolve(this).finally(onFinally)
  }

  /** Opens the stream, and iterates over it. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Item> {
    let opened: AsyncIterator<Item> | undefined
    let opening: Promise<AsyncIterator<Item>> | undefined
    const open = (): Promise<AsyncIterator<Item>> =>
      (opening ??= this.then((stream) => (opened = stream[Symbol.asyncIterator]())))
    // A generator around that of the stream would take additional turns for each item.
    const iterator: AsyncIterableIterator<Item> = {
      next: () => opened?.next() ?? open().then((items) => items.next()),
      return: async () => (await opening)?.return?.() ?? { done: true, value: undefined },
      [Symbol.asyncIterator]: () => iterator,
    }
    return iterator
  }
}
