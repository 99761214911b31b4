/** Limits the number of concurrent tasks. The others wait, in order. */
export class Semaphore {
  #free: number
  readonly #waiting = new Set<() => void>()

  constructor(limit: number) {
    this.#free = limit
  }

  /**
   * @param signal - cancels waiting; run() then rejects with its reason. A running task has to watch the signal itself
   */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    if (this.#free > 0) this.#free--
    else await this.#wait(signal)
    try {
      return await task()
    } finally {
      this.#release()
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = (): void => {
        signal?.removeEventListener('abort', cancel)
        resolve()
      }
      const cancel = (): void => {
        this.#waiting.delete(start)
        signal?.removeEventListener('abort', cancel)
        reject(signal?.reason)
      }
      this.#waiting.add(start)
      signal?.addEventListener('abort', cancel)
    })
  }

  #release(): void {
    const [next] = this.#waiting
    if (!next) {
      this.#free++
      return
    }
    this.#waiting.delete(next)
    next()
  }
}
