import type { Pool as UndiciPool } from 'undici'
import type { ShortQueue } from './short-queue.ts'

/** The connections of a client. */
export interface Pools {
  readonly short: ShortQueue
  readonly patient: UndiciPool
  readonly hijacked: UndiciPool
}

/** Pools that have had no request for this long are dropped. Their connections were closed by then. In milliseconds. */
const UNUSED_MS = 120_000

interface UsedPools {
  readonly pools: Pools
  /** By the clock of performance.now(). */
  usedAt: number
}

/** Requests with the same needs share connections. */
export interface PoolNeeds {
  /** For whom they are. */
  readonly caller?: string | undefined
  /** They lead to dockerd, as each of them has proven. */
  readonly onlyDockerd?: boolean | undefined
}

/**
 * The pools of a client, and of each caller for whom it sends requests: those of one never wait for those of another. Connections that
 * have proven to lead to dockerd are apart.
 */
export class PoolsOfCallers {
  readonly #create: (needs: PoolNeeds) => Pools
  readonly #own: Pools
  readonly #callers = new Map<string, UsedPools>()

  constructor(create: (needs: PoolNeeds) => Pools) {
    this.#create = create
    this.#own = create({})
  }

  get closed(): boolean {
    return this.#own.short.closed
  }

  get destroyed(): boolean {
    return this.#own.short.destroyed
  }

  /** The pools of a caller, or without one, of the client itself. */
  of(needs: PoolNeeds): Pools {
    const { caller, onlyDockerd = false } = needs
    const isOwn = caller === undefined && !onlyDockerd
    // These refuse the request.
    if (isOwn || this.closed || this.destroyed) return this.#own
    const key = `${onlyDockerd} ${caller ?? ''}`
    let found = this.#callers.get(key)
    if (!found) {
      this.#dropUnused()
      found = { pools: this.#create(needs), usedAt: 0 }
      this.#callers.set(key, found)
    }
    found.usedAt = performance.now()
    return found.pools
  }

  /** Waits for running requests. */
  async close(): Promise<void> {
    await Promise.all(this.#all.map((pool) => pool.close()))
  }

  async destroy(reason: Error): Promise<void> {
    await Promise.all(this.#all.map((pool) => pool.destroy(reason)))
  }

  get #all(): (ShortQueue | UndiciPool)[] {
    return [this.#own, ...[...this.#callers.values()].map(({ pools }) => pools)].flatMap((pools) =>
      Object.values(pools),
    )
  }

  #dropUnused(): void {
    const before = performance.now() - UNUSED_MS
    for (const [caller, { pools, usedAt }] of this.#callers) {
      if (usedAt > before || !isIdle(pools)) continue
      this.#callers.delete(caller)
      for (const pool of Object.values(pools)) void pool.close()
    }
  }
}

function isIdle({ short, patient, hijacked }: Pools): boolean {
  return short.isIdle && patient.stats.size === 0 && hijacked.stats.size === 0
}
