/** What each caller takes of something, until its work is done. */
export class Shares {
  readonly #mostOfOne: number
  readonly #most: number
  readonly #taken = new Map<string, number>()
  #all = 0

  constructor(mostOfOne: number, most = Infinity) {
    this.#mostOfOne = mostOfOne
    this.#most = most
  }

  /** @returns what `work` returns; undefined if it would be too much, and nothing was done */
  async hold<T>(caller: string, amount: number, work: () => Promise<T>): Promise<T | undefined> {
    if (this.#of(caller) + amount > this.#mostOfOne || this.#all + amount > this.#most) return undefined
    this.#add(caller, amount)
    try {
      return await work()
    } finally {
      this.#add(caller, -amount)
    }
  }

  #of(caller: string): number {
    return this.#taken.get(caller) ?? 0
  }

  #add(caller: string, amount: number): void {
    const taken = this.#of(caller) + amount
    this.#all += amount
    if (taken > 0) this.#taken.set(caller, taken)
    else this.#taken.delete(caller)
  }
}
