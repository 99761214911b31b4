/** Random numbers from a seed, so that every input can be made again. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0 to 1, without 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** An integer below this limit. */
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  /** An integer from 1 to this limit; small ones are as likely as large ones. */
  scale(limit: number): number {
    return Math.max(1, Math.floor(Math.exp(this.next() * Math.log(limit + 1))))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<Item>(items: readonly [Item, ...Item[]] | readonly Item[]): Item {
    return items[this.below(items.length)] as Item
  }
}

/** The seed that belongs to an input: the choices of a reader, such as the chunks of a stream, depend on nothing else. */
export function seedOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  for (const byte of bytes.subarray(0, 4096)) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash ^ bytes.length) >>> 0
}
