/** How long decisions may take in one turn of the event loop, in milliseconds: then files, timers and sockets have theirs. */
const MOST_MS = 10
/** What takes longer takes long, in milliseconds. */
const LONG_MS = 50

/** Runs what waits for somebody else, during which other decisions may go on. One at a time. */
export type Outside = <T>(waits: () => Promise<T>) => Promise<T>

/**
 * Makes one decision after the other, and gives each caller a turn: what takes long, such as a body of many values, must delay neither a
 * revocation nor others. All callers whose last decision took long get half of the time together.
 */
export class Turns {
  /** What waits, by caller, in the order of their turns. */
  readonly #waiting = new Map<string, (() => void)[]>()
  /** Whose last decision took long. */
  readonly #slow = new Set<string>()
  /** When they may go on. */
  #restUntil = 0
  #rest: NodeJS.Timeout | undefined
  /** When the first decision of this turn of the event loop began. */
  #began = 0
  #end: NodeJS.Immediate | undefined
  /** Since when something runs. */
  #since: number | undefined

  /** @param key - of the caller */
  async run<T>(key: string, decide: (outside: Outside) => Promise<T>): Promise<T> {
    await this.#enter(key)
    try {
      return await decide(async (waits) => {
        this.#leave(key)
        try {
          return await waits()
        } finally {
          await this.#enter(key)
        }
      })
    } finally {
      this.#leave(key)
    }
  }

  async #enter(key: string): Promise<void> {
    if (this.#since === undefined && this.#waiting.size === 0 && !this.#isResting(key) && this.#hasTime()) {
      this.#since = performance.now()
      return
    }
    await new Promise<void>((go) => {
      const own = this.#waiting.get(key)
      if (own === undefined) this.#waiting.set(key, [go])
      else own.push(go)
      this.#next()
    })
  }

  #leave(key: string): void {
    const now = performance.now()
    const took = now - (this.#since ?? now)
    this.#since = undefined
    if (took < LONG_MS) this.#slow.delete(key)
    else {
      this.#slow.add(key)
      this.#restUntil = now + took
    }
    this.#next()
  }

  #isResting(key: string): boolean {
    return this.#slow.has(key) && performance.now() < this.#restUntil
  }

  /** Whether another decision may begin in this turn of the event loop. Otherwise, the next turn goes on. */
  #hasTime(): boolean {
    if (this.#end === undefined) {
      this.#began = performance.now()
      this.#end = setImmediate(() => {
        this.#end = undefined
        this.#next()
      })
    }
    return performance.now() - this.#began < MOST_MS
  }

  #next(): void {
    if (this.#since !== undefined || this.#waiting.size === 0) return
    const key = [...this.#waiting.keys()].find((one) => !this.#isResting(one))
    if (key === undefined) {
      clearTimeout(this.#rest)
      this.#rest = setTimeout(() => this.#next(), this.#restUntil - performance.now())
    } else if (this.#hasTime()) this.#go(key)
  }

  #go(key: string): void {
    const own = this.#waiting.get(key) ?? []
    const go = own.shift()
    // The others are next.
    this.#waiting.delete(key)
    if (own.length > 0) this.#waiting.set(key, own)
    this.#since = performance.now()
    go?.()
  }
}
