/** How long an answer counts, in milliseconds: with SIGHUP, dockerd reads a new default runtime without a restart. */
const KEPT_MS = 10_000

/** What the daemon says of itself: one question for all who ask within ten seconds. */
export class KeptInfo {
  readonly #ask: () => Promise<unknown>
  #answer: Promise<unknown> | undefined
  #until = 0

  constructor(ask: () => Promise<unknown>) {
    this.#ask = ask
  }

  get(): Promise<unknown> {
    const now = performance.now()
    if (this.#answer !== undefined && now < this.#until) return this.#answer
    const answer = this.#ask()
    this.#answer = answer
    this.#until = now + KEPT_MS
    const forget = (): void => {
      if (this.#answer === answer) this.#answer = undefined
    }
    // Null: the daemon has no answer now.
    answer.then((info) => info ?? forget(), forget)
    return answer
  }
}
