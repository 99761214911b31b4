import type { Readable } from 'node:stream'
import type { Named } from '../api-error.ts'
import { JsonLines } from './json-lines.ts'
import { readChunks } from './chunks.ts'

/** A stream of values, such as events or statistics. Leaving the loop cancels the request. */
export class JsonStream<Item> implements AsyncIterable<Item>, AsyncDisposable {
  readonly #body: Readable
  readonly #request: Named

  /** @internal */
  constructor(body: Readable, request: Named) {
    this.#body = body
    this.#request = request
  }

  /** The values as they arrive; `break` cancels the request. */
  [Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    const lines = new JsonLines()
    return readChunks(this.#body, {
      request: this.#request,
      split: (chunk) => lines.push(chunk) as Iterable<Item>,
      end: () => lines.end() as Iterable<Item>,
    })
  }

  /** Cancels the request. */
  close(): Promise<void> {
    this.#body.destroy()
    return Promise.resolve()
  }

  /** Cancels the request. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
