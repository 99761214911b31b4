/** The first pause before another attempt, and the longest one, in milliseconds. */
const FIRST_MS = 100
const LONGEST_MS = 5_000

/** Pauses that double with each attempt. Chance keeps the clients of a daemon from coming back all at once. */
export class Backoff {
  #milliseconds = FIRST_MS

  /** The next pause, in milliseconds. */
  next(): number {
    const longest = this.#milliseconds
    this.#milliseconds = Math.min(longest * 2, LONGEST_MS)
    return longest * (0.5 + Math.random() / 2)
  }

  /** A connection that held for a while begins anew; one that is cut at once, again and again, doesn't. */
  lasted(milliseconds: number): void {
    if (milliseconds > LONGEST_MS) this.#milliseconds = FIRST_MS
  }
}
