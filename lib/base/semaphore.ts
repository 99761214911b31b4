/** Limits the number of concurrent tasks. The others wait: those who wait take turns, and the tasks of each keep their order. */
export class Semaphore {
  #free: number
  /** The tasks of each who waits. Whose turn is next comes first. */
  readonly #waiting = new Map<string, Set<() => void>>()

  constructor(limit: number) {
    this.#free = limit
  }

  /**
   * @param signal - cancels waiting; run() then rejects with its reason. A running task has to watch the signal itself
   * @param whose - whose task it is
   */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal, whose = ''): Promise<T> {
    signal?.throwIfAborted()
    if (this.#free > 0) this.#free--
    else await this.#wait(whose, signal)
    try {
      return await task()
    } finally {
      this.#release()
    }
  }

  #wait(whose: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = (): void => {
        signal?.removeEventListener('abort', cancel)
        resolve()
      }
      const cancel = (): void => {
        this.#remove(whose, start)
        signal?.removeEventListener('abort', cancel)
        reject(signal?.reason)
      }
      const tasks = this.#waiting.get(whose)
      if (tasks) tasks.add(start)
      else this.#waiting.set(whose, new Set([start]))
      signal?.addEventListener('abort', cancel)
    })
  }

  #release(): void {
    const [whose, tasks] = [...this.#waiting][0] ?? []
    const [next] = tasks ?? []
    if (whose === undefined || !next) return void this.#free++
    // The others are next.
    this.#waiting.delete(whose)
    if (tasks?.delete(next) && tasks.size > 0) this.#waiting.set(whose, tasks)
    next()
  }

  #remove(whose: string, start: () => void): void {
    const tasks = this.#waiting.get(whose)
    if (tasks?.delete(start) && tasks.size === 0) this.#waiting.delete(whose)
  }
}
