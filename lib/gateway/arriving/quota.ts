import { refusal, type Refusal } from '../refusal.ts'
import type { GatewayLimits } from '../options.ts'

/** What an identity uses. */
export interface Usage {
  requests: number
  streams: number
  connections: number
  heldBytes: number
}

/** Counts what each identity uses. */
export class Quotas {
  readonly #limits: Required<GatewayLimits>
  readonly #usage = new Map<string, Usage>()

  constructor(limits: Required<GatewayLimits>) {
    this.#limits = limits
  }

  /** Takes one of them, or some bytes, unless there would be too many. */
  take(key: string, what: keyof Usage, amount = 1): boolean {
    const usage = this.#usage.get(key) ?? { requests: 0, streams: 0, connections: 0, heldBytes: 0 }
    if (usage[what] + amount > this.#limits[what]) return false
    usage[what] += amount
    this.#usage.set(key, usage)
    return true
  }

  give(key: string, what: keyof Usage, amount = 1): void {
    const usage = this.#usage.get(key)
    if (usage === undefined) return
    usage[what] -= amount
    if (Object.values(usage).every((used) => used === 0)) this.#usage.delete(key)
  }

  refuse(what: 'requests' | 'streams'): Refusal {
    return refusal(429, 'TOO_MANY_REQUESTS', `you have ${this.#limits[what]} ${what} open, the limit of this gateway`)
  }
}
