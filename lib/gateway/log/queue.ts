import { chain, type Link } from './chain.ts'

/** More are lost while the log can't be written, or too slowly: each takes about 1 KB of memory. */
const MOST_WAITING = 10_000

/** Lines that are written together. */
export interface Batch {
  readonly bytes: Buffer
  /** The last of them. */
  readonly link: Link
  /** Called when they are written, or can't be. */
  readonly settle: () => void
}

/** Entries that wait to be written. */
export class Queue {
  #entries: object[] = []
  #waiters: (() => void)[] = []
  #lost = 0

  get isEmpty(): boolean {
    return this.#entries.length === 0 && this.#waiters.length === 0
  }

  /** @returns whether it will be written: there may be no place for it */
  add(entry: object): boolean {
    const isKept = this.#entries.length < MOST_WAITING
    if (isKept) this.#entries.push({ time: new Date().toISOString(), ...entry })
    else this.#lost++
    return isKept
  }

  /** Adds an entry before all others. */
  addFirst(entry: object): void {
    this.#entries.unshift({ time: new Date().toISOString(), ...entry })
  }

  /** Resolves when everything that was added is written, or can't be. */
  settled(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  /** The log can't be written: nobody waits any longer. */
  giveUp(): void {
    for (const settle of this.#waiters.splice(0)) settle()
  }

  /** Takes everything, and chains it to the last line. */
  take(last: Link): Batch | undefined {
    if (this.#lost > 0) this.#addLost()
    if (this.isEmpty) return undefined
    const waiters = this.#waiters.splice(0)
    let link = last
    const lines = this.#entries.splice(0).map((entry) => {
      const chained = chain(entry, link)
      link = chained.link
      return `${chained.line}\n`
    })
    const settle = (): void => {
      for (const one of waiters) one()
    }
    return { bytes: Buffer.from(lines.join('')), link, settle }
  }

  #addLost(): void {
    this.#entries.push({ time: new Date().toISOString(), event: 'lost', count: this.#lost })
    this.#lost = 0
  }
}
