import type { Readable } from 'node:stream'
import { unreadable, type Named } from '../api-error.ts'
import { JsonLines, LineFault } from './json-lines.ts'
import { readPieces } from './pieces.ts'

/**
 * Values that the daemon sends one after the other: events, statistics. Leaving the loop ends the request.
 */
export class JsonStream<Item> implements AsyncIterable<Item>, AsyncDisposable {
  readonly #body: Readable
  readonly #request: Named

  /** @internal */
  constructor(body: Readable, request: Named) {
    this.#body = body
    this.#request = request
  }

  [Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    const lines = new JsonLines()
    return readPieces(this.#body, {
      split: (piece) => lines.push(piece) as Iterable<Item>,
      end: () => lines.end() as Iterable<Item>,
      explain: (error) => (error instanceof LineFault ? this.#unreadable(error) : error),
    })
  }

  /** Ends the request. */
  close(): Promise<void> {
    this.#body.destroy()
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #unreadable({ kind, message, cause }: LineFault): Error {
    this.#body.destroy()
    const code = kind === 'truncated' ? 'ERR_API_STREAM_TRUNCATED' : 'ERR_API_STREAM_INVALID'
    return unreadable(code, this.#request, `the stream can't be read: ${message}`, cause)
  }
}
