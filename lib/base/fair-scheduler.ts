/** How long decisions may run before the event loop handles files, timers and sockets, in milliseconds. */
const TURN_MS = 4
/** A decision that takes longer is slow, in milliseconds. */
const SLOW_MS = 50
/** How long a caller counts as slow after a slow decision that isn't the first, in milliseconds. */
const MARK_MS = 5_000
/** The longest rest after a slow decision, in milliseconds. */
const LONGEST_REST_MS = 1_000

/** Waits for something outside, such as the daemon. Other decisions run meanwhile. Don't call it again before it has settled. */
export type Outside = <T>(waits: () => Promise<T>) => Promise<T>

/** Runs a decision when it is its caller's turn. */
export type InTurn = <T>(decide: (outside: Outside) => Promise<T>) => Promise<T>

/**
 * Runs one decision at a time, and gives each caller a turn. Callers and revocations wait at most for the decision that is running, even if
 * another caller sends bodies of very many values. All slow callers together get at most half of the time.
 */
export class FairScheduler {
  /** Decisions that wait, by caller, in the order of the callers' turns. */
  readonly #waiting = new Map<string, (() => void)[]>()
  /** Callers with slow decisions: until when they count as slow, and until when a second slow decision marks them for `MARK_MS`. */
  readonly #slow = new Map<string, { readonly until: number; readonly suspect: number }>()
  /** When slow callers may run again. */
  #restUntil = 0
  #rest: NodeJS.Timeout | undefined
  /** When the first decision of this turn of the event loop began. */
  #began = 0
  #end: NodeJS.Immediate | undefined
  /** When the running decision began. */
  #since: number | undefined

  async run<T>(caller: string, decide: (outside: Outside) => Promise<T>): Promise<T> {
    await this.#enter(caller)
    try {
      return await decide(async (waits) => {
        this.#leave(caller)
        try {
          return await waits()
        } finally {
          await this.#enter(caller)
        }
      })
    } finally {
      this.#leave(caller)
    }
  }

  /** Runs work that waits for nothing, but only if it can begin at once. */
  runNow(caller: string, work: () => void): boolean {
    if (!this.#isFree(caller)) return false
    this.#since = performance.now()
    try {
      work()
    } finally {
      this.#leave(caller)
    }
    return true
  }

  /** Counts what was done for the running work before its turn, such as the decryption of a body. */
  count(ms: number): void {
    this.#began -= ms
  }

  #isFree(caller: string): boolean {
    return this.#since === undefined && this.#waiting.size === 0 && !this.#isResting(caller) && this.#hasTime()
  }

  async #enter(caller: string): Promise<void> {
    if (this.#isFree(caller)) {
      this.#since = performance.now()
      return
    }
    await new Promise<void>((go) => {
      const own = this.#waiting.get(caller)
      if (own === undefined) this.#waiting.set(caller, [go])
      else own.push(go)
      this.#next()
    })
  }

  #leave(caller: string): void {
    const now = performance.now()
    const took = now - (this.#since ?? now)
    this.#since = undefined
    if (took >= SLOW_MS) this.#mark(caller, now, Math.min(took, LONGEST_REST_MS))
    this.#next()
  }

  /** After the first slow decision, a caller only rests for as long as that took: the cause can be a pause of this process. */
  #mark(caller: string, now: number, rest: number): void {
    for (const [one, { suspect }] of this.#slow) if (suspect < now) this.#slow.delete(one)
    this.#slow.set(caller, { until: now + (this.#slow.has(caller) ? MARK_MS : rest), suspect: now + MARK_MS })
    this.#restUntil = Math.max(this.#restUntil, now) + rest
  }

  /** A slow caller's quick decisions count as slow, too: otherwise one of them before each slow one would save the rest. */
  #isResting(caller: string): boolean {
    return performance.now() < this.#endOfRest(caller)
  }

  #endOfRest(caller: string): number {
    return Math.min(this.#slow.get(caller)?.until ?? 0, this.#restUntil)
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
    return performance.now() - this.#began < TURN_MS
  }

  #next(): void {
    if (this.#since !== undefined || this.#waiting.size === 0) return
    const caller = [...this.#waiting.keys()].find((one) => !this.#isResting(one))
    if (caller === undefined) {
      clearTimeout(this.#rest)
      const end = Math.min(...[...this.#waiting.keys()].map((one) => this.#endOfRest(one)))
      this.#rest = setTimeout(() => this.#next(), end - performance.now())
    } else if (this.#hasTime()) this.#go(caller)
  }

  #go(caller: string): void {
    const own = this.#waiting.get(caller) ?? []
    const go = own.shift()
    // The others are next.
    this.#waiting.delete(caller)
    if (own.length > 0) this.#waiting.set(caller, own)
    this.#since = performance.now()
    go?.()
  }
}
