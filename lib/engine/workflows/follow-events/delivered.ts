import type { EventMessage } from '../../system/types/events.ts'

/** dockerd remembers 256 events (moby, daemon/events), and sends no others again. */
const MOST_KEYS = 512

/**
 * dockerd takes the time of an event before it stores and sends it, so events can arrive in another order (moby,
 * daemon/events: Log). In nanoseconds.
 */
const OVERLAP = 1_000_000_000n

/** The last three digits of a `timeNano` are rounded. */
const ROUNDING = 1_000n

/** An event that was delivered. */
export interface LastEvent {
  readonly key: string
  readonly nanoseconds: bigint
}

/** The delivered events, by which those are recognized that the daemon sends again. */
export class Delivered {
  readonly #keys: string[] = []
  /** Events that may come again, and how often. */
  #expected = new Map<string, number>()
  #start: string
  last: LastEvent | undefined

  /** @param start - where to begin while there is none, as `seconds.nanoseconds` or RFC 3339 */
  constructor(start: string) {
    this.#start = start
  }

  /** The beginning of the next stream. */
  get since(): string {
    return this.last === undefined ? this.#start : moment(this.last.nanoseconds - OVERLAP)
  }

  /** A moment right after the last event. */
  get until(): string | undefined {
    return this.last && moment(this.last.nanoseconds + ROUNDING)
  }

  /** From now on, the daemon may repeat each event once. */
  expectAgain(): void {
    this.#expected = new Map()
    for (const key of this.#keys) this.#expected.set(key, (this.#expected.get(key) ?? 0) + 1)
  }

  /** Is this a repetition? It counts only once. */
  isAgain(event: EventMessage): boolean {
    if (this.#expected.size === 0) return false
    const key = keyOf(event)
    const left = this.#expected.get(key) ?? 0
    if (left > 0) this.#expected.set(key, left - 1)
    return left > 0
  }

  add(event: EventMessage): void {
    this.last = { key: keyOf(event), nanoseconds: nanosecondsOf(event) }
    this.#keys.push(this.last.key)
    if (this.#keys.length > MOST_KEYS) this.#keys.shift()
  }
}

/** An event has no id: two of the same nanosecond differ in their content. */
export function keyOf(event: EventMessage): string {
  return JSON.stringify(event)
}

/** Is it later than another one, whatever the rounding? */
export function isLater(event: EventMessage, { nanoseconds }: LastEvent): boolean {
  return nanosecondsOf(event) > nanoseconds + ROUNDING
}

function nanosecondsOf({ timeNano, time }: EventMessage): bigint {
  return BigInt(Math.trunc(timeNano || time * 1e9 || 0))
}

function moment(nanoseconds: bigint): string {
  const positive = nanoseconds < 0n ? 0n : nanoseconds
  return `${positive / 1_000_000_000n}.${String(positive % 1_000_000_000n).padStart(9, '0')}`
}
