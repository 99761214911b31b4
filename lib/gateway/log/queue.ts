import { chain, type Link } from './chain.ts'

/** More are lost while the log can't be written, or too slowly. Most lines are under 1 KB; a client can cause lines of 10 KB. */
const MOST_WAITING = 10_000
const MOST_CHARACTERS = 16 * 1024 * 1024
/** Writing a batch holds several copies of its lines. */
const MOST_IN_BATCH = 1_000

/** Lines that are written together. */
export interface Batch {
  readonly bytes: Buffer
  /** The last of them. */
  readonly link: Link
  /** Called when they are written, or can't be. */
  readonly settle: () => void
}

/** Somebody who waits until so many entries were taken. */
interface Waiter {
  readonly until: number
  readonly settle: () => void
}

/** Entries that wait to be written. */
export class Queue {
  /** As JSON. */
  #entries: string[] = []
  #characters = 0
  /** How many entries were taken. */
  #taken = 0
  #waiters: Waiter[] = []
  #lost = 0

  get isEmpty(): boolean {
    return this.#entries.length === 0 && this.#waiters.length === 0
  }

  /** @returns whether it will be written: there may be no place for it */
  add(entry: object): boolean {
    const isKept = this.#entries.length < MOST_WAITING && this.#characters < MOST_CHARACTERS
    if (isKept) this.#entries.push(this.#textOf(entry))
    else this.#lost++
    return isKept
  }

  /** Adds an entry before all others. */
  addFirst(entry: object): void {
    this.#entries.unshift(this.#textOf(entry))
    this.#taken--
  }

  /** Resolves when everything that was added is written, or can't be. */
  settled(): Promise<void> {
    return new Promise((settle) => this.#waiters.push({ until: this.#taken + this.#entries.length, settle }))
  }

  /** The log can't be written: nobody waits any longer. */
  giveUp(): void {
    for (const { settle } of this.#waiters.splice(0)) settle()
  }

  /** Takes the next ones, and chains them to the last line. */
  take(last: Link): Batch | undefined {
    if (this.#lost > 0) this.#addLost()
    if (this.isEmpty) return undefined
    const texts = this.#entries.splice(0, MOST_IN_BATCH)
    this.#taken += texts.length
    const waiters = this.#waiters.filter(({ until }) => until <= this.#taken)
    this.#waiters.splice(0, waiters.length)
    let link = last
    const lines = texts.map((text) => {
      this.#characters -= text.length
      const chained = chain(text, link)
      link = chained.link
      return `${chained.line}\n`
    })
    const settle = (): void => {
      for (const one of waiters) one.settle()
    }
    return { bytes: Buffer.from(lines.join('')), link, settle }
  }

  #textOf(entry: object): string {
    const text = JSON.stringify({ time: new Date().toISOString(), ...entry })
    this.#characters += text.length
    return text
  }

  #addLost(): void {
    this.#entries.push(this.#textOf({ event: 'lost', count: this.#lost }))
    this.#lost = 0
  }
}
