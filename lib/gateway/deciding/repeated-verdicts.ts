import type { Policy } from '../../policy/file/types.ts'
import type { PolicyIdentity } from '../../policy/who/identity.ts'
import type { AskedRequest, Verdict } from '../types.ts'

/** How many verdicts are kept for each connection of a client, which repeats few requests: pings, lists, inspections of one container. */
const MOST_KEPT = 8
/** The longest request that is kept, in characters. */
const LONGEST = 500

/**
 * Verdicts of one policy about requests that are repeated: reading and judging a ping takes as long as forwarding it. Kept is only what
 * depends on nothing but the policy, the identity and the request itself: no body, no clock, and nothing that the daemon was asked.
 */
export class RepeatedVerdicts {
  readonly #hasClock: boolean
  readonly #known = new WeakMap<PolicyIdentity, Map<string, Verdict>>()

  constructor({ rules }: Policy) {
    this.#hasClock = rules.some(({ until }) => until !== undefined)
  }

  async get(
    identity: PolicyIdentity,
    asked: AskedRequest,
    decide: (asked: AskedRequest) => Promise<Verdict>,
  ): Promise<Verdict> {
    const request = this.#keyOf(asked)
    if (request === undefined) return decide(asked)
    const known = this.#known.get(identity)?.get(request)
    if (known) return known
    let isAsked = false
    const inspect: AskedRequest['inspect'] = (kind, name) => {
      isAsked = true
      return asked.inspect(kind, name)
    }
    const verdict = await decide({ ...asked, inspect })
    if (!isAsked) this.#keep(identity, request, verdict)
    return verdict
  }

  /** Undefined: its verdict isn't kept. */
  #keyOf({ method, target, headers, body, upgrade, isQuestion }: AskedRequest): string | undefined {
    const isPlain = body === undefined && upgrade === undefined && isQuestion === undefined
    if (this.#hasClock || !isPlain || (method !== 'GET' && method !== 'HEAD')) return undefined
    const key = `${method} ${target} ${JSON.stringify(headers)}`
    return key.length > LONGEST ? undefined : key
  }

  #keep(identity: PolicyIdentity, request: string, verdict: Verdict): void {
    const kept = this.#known.get(identity) ?? new Map<string, Verdict>()
    this.#known.set(identity, kept)
    const [oldest] = kept.keys()
    if (kept.size >= MOST_KEPT && oldest !== undefined) kept.delete(oldest)
    kept.set(request, verdict)
  }
}
