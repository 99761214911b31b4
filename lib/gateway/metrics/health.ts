import type { EndDate, MetricsSource } from './interface.ts'

/** Why a gateway can't serve all of its clients. */
export interface HealthFault {
  /** A stable name for programs. */
  readonly code:
    | 'DAEMON_UNREACHABLE'
    | 'LOG_FAILED'
    | 'CERTIFICATE_EXPIRED'
    | 'CRL_EXPIRED'
    | 'CRL_MISSING'
    | 'NO_GATEWAY'
  /** Which one. */
  readonly name?: string
}

/** How long the daemon may take to answer, and an answer counts, in milliseconds. */
const PING_MS = 5_000
export const FRESH_MS = 1_000

/** Asks gateways and their daemons. */
export class Health {
  readonly #pingMs: number
  readonly #pings = new WeakMap<MetricsSource, { readonly at: number; readonly isUp: Promise<boolean> }>()

  constructor(pingMs: number = PING_MS) {
    this.#pingMs = pingMs
  }

  async faults(sources: readonly MetricsSource[], now: number = Date.now()): Promise<HealthFault[]> {
    if (sources.length === 0) return [{ code: 'NO_GATEWAY' }]
    const found = await Promise.all(sources.map((source) => this.#faultsOf(source, now)))
    const byText = new Map(found.flat().map((fault) => [JSON.stringify(fault), fault]))
    return [...byText.values()]
  }

  async #faultsOf(source: MetricsSource, now: number): Promise<HealthFault[]> {
    const isUp = await this.#ping(source)
    return [
      ...(isUp ? [] : [{ code: 'DAEMON_UNREACHABLE' } as const]),
      ...(source.isLogFailing() ? [{ code: 'LOG_FAILED' } as const] : []),
      ...source.ends().flatMap((end) => faultOf(end, now)),
    ]
  }

  /** Whoever can reach the port must not be able to flood the daemon. */
  #ping(source: MetricsSource): Promise<boolean> {
    const known = this.#pings.get(source)
    // The clock may be set back.
    const now = performance.now()
    if (known && now - known.at < FRESH_MS) return known.isUp
    const isUp = answers(source, this.#pingMs)
    this.#pings.set(source, { at: now, isUp })
    return isUp
  }
}

function answers(source: MetricsSource, milliseconds: number): Promise<boolean> {
  return source.ping(AbortSignal.timeout(milliseconds)).then(
    () => true,
    () => false,
  )
}

function faultOf({ kind, name, at, from }: EndDate, now: number): HealthFault[] {
  if (Number.isNaN(at)) return [{ code: 'CRL_MISSING', name }]
  if (from <= now && now <= at) return []
  return [{ code: kind === 'crl' ? 'CRL_EXPIRED' : 'CERTIFICATE_EXPIRED', name }]
}
