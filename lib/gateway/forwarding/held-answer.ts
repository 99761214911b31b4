import { ByteList } from '../../base/byte-list.ts'
import type { Allowed } from '../types.ts'

/** Answers with one entry for each thing of a daemon are smaller. */
const MOST_BYTES = 16 * 1024 * 1024

/** How an answer is filtered, which is held until it has come whole. */
export interface Filter {
  readonly apply: NonNullable<Allowed['filterAnswer']>
  /** Says whether the identity may have that many more bytes in memory. */
  readonly reserve: (bytes: number) => boolean
  /** Filters when it is the identity's turn. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>
}

/** An answer of the daemon that its client gets a part of. */
export class HeldAnswer {
  readonly #fields: readonly string[]
  readonly #filter: Filter
  readonly #chunks = new ByteList()
  #bytes = 0

  /** @param fields - of the answer, names and values in turns */
  constructor(fields: readonly string[], filter: Filter) {
    this.#fields = fields
    this.#filter = filter
  }

  /** False: it has become too large, or too much is held for this identity. */
  take(chunk: Buffer): boolean {
    this.#bytes += chunk.length
    if (this.#bytes > MOST_BYTES || !this.#filter.reserve(chunk.length)) return false
    this.#chunks.push(chunk)
    return true
  }

  /** @throws SyntaxError if it isn't JSON, TypeError if the filter returns a promise, and whatever it throws */
  filtered(): Promise<{ fields: string[]; body: Buffer }> {
    return this.#filter.inTurn(() => this.#filtered())
  }

  async #filtered(): Promise<{ fields: string[]; body: Buffer }> {
    const answer: unknown = JSON.parse(this.#chunks.take().toString())
    const filtered = this.#filter.apply(answer)
    if (filtered instanceof Promise) {
      // It must not end this process.
      filtered.catch(() => {})
      throw new TypeError('authorize: `filterAnswer` of its verdict returns a promise')
    }
    const body = Buffer.from(`${JSON.stringify(filtered)}\n`)
    const kept = this.#fields.flatMap((name, index) =>
      index % 2 === 0 && name !== 'Content-Length' ? [name, this.#fields[index + 1] ?? ''] : [],
    )
    return { fields: [...kept, 'Content-Length', String(body.length)], body }
  }
}
