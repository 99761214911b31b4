/** How many refused handshakes get a line of their own in a second. */
const MOST_A_SECOND = 10

/** Limits the lines of clients that nobody knows: they must not be able to fill the disk. */
export class Strangers {
  #second = 0
  #count = 0
  #skipped = 0

  /** Whether this one gets a line. */
  admit(now: number = Date.now()): boolean {
    const second = Math.floor(now / 1000)
    if (second !== this.#second) this.#count = 0
    this.#second = second
    if (++this.#count <= MOST_A_SECOND) return true
    this.#skipped++
    return false
  }

  /** How many got none since the last call. */
  takeSkipped(): number {
    const skipped = this.#skipped
    this.#skipped = 0
    return skipped
  }
}
