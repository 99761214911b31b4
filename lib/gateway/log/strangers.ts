import type { GatewayEvent } from '../events.ts'
import { isForCertificate, TOO_MANY_CONNECTIONS } from '../refusal.ts'

/** How many events of a kind get a line of their own in a second. */
const MOST_A_SECOND = 10

/** How the line is called that counts the others. */
type Counted = 'handshakes refused' | 'connections refused' | 'requests refused'

/** An entry that stands for events without a line. */
interface Skipped {
  readonly event: Counted
  readonly count: number
}

/** Limits the lines of clients that may not come in: they must not be able to fill the disk. */
export class Strangers {
  readonly #kinds = new Map<Counted, Kind>()

  /** Whether this event gets a line. */
  admit(event: GatewayEvent, now: number = Date.now()): boolean {
    const counted = countedAs(event)
    if (counted === undefined) return true
    const kind = this.#kinds.get(counted) ?? new Kind()
    this.#kinds.set(counted, kind)
    return kind.admit(Math.floor(now / 1000))
  }

  /** How many got none since the last call: those of the kind of an event, or all. */
  takeSkipped(event?: GatewayEvent): Skipped[] {
    const only = event && countedAs(event)
    if (event && only === undefined) return []
    return [...this.#kinds]
      .filter(([counted]) => event === undefined || counted === only)
      .map(([counted, kind]) => ({ event: counted, count: kind.takeSkipped() }))
      .filter(({ count }) => count > 0)
  }
}

/** Each kind is limited for itself, so that nobody without a certificate hides what is done with a revoked one. */
class Kind {
  #second = 0
  #count = 0
  #skipped = 0

  admit(second: number): boolean {
    if (second !== this.#second) this.#count = 0
    this.#second = second
    if (++this.#count <= MOST_A_SECOND) return true
    this.#skipped++
    return false
  }

  takeSkipped(): number {
    const skipped = this.#skipped
    this.#skipped = 0
    return skipped
  }
}

/** @returns undefined for an event that always has a line of its own */
function countedAs(event: GatewayEvent): Counted | undefined {
  if (event.event === 'handshake refused') return 'handshakes refused'
  if (event.event === 'cut' && event.reason === TOO_MANY_CONNECTIONS) return 'connections refused'
  // What was decided about can have a line `begin`, which needs its end.
  const isRequest = event.event === 'request' && event.verdict === 'refuse' && event.operation === undefined
  return isRequest && isForCertificate(event.reason) ? 'requests refused' : undefined
}
