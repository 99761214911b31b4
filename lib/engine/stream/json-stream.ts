import type { Readable } from 'node:stream'
import type { Named } from '../api-error.ts'
import { JsonLines } from './json-lines.ts'
import { readChunks } from './chunks.ts'
import { Source } from './source.ts'

/** A stream of values, such as events or statistics. Leaving the loop cancels the request, and `close()` ends the loop. */
export class JsonStream<Item> implements AsyncIterable<Item>, AsyncDisposable {
  readonly #source: Source
  readonly #request: Named

  /** @internal */
  constructor(body: Readable, request: Named) {
    this.#source = new Source(body)
    this.#request = request
  }

  /** The values as they arrive; `break` cancels the request. */
  [Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    const lines = new JsonLines()
    return readChunks(this.#source, {
      request: this.#request,
      split: (chunk) => lines.push(chunk) as Iterable<Item>,
      end: () => lines.end() as Iterable<Item>,
    })
  }

  /** Cancels the request. A loop over the values ends without an error. */
  close(): Promise<void> {
    this.#source.close()
    return Promise.resolve()
  }

  /** Like {@link JsonStream.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
