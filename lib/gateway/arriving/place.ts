import type { InTurn } from '../../base/fair-scheduler.ts'
import { BodyRefused } from './body.ts'
import type { SharedByCalls } from '../grpc/shared.ts'

type Kind = 'requests' | 'streams'

/** What a request or call counts against the limits of its identity, until it has ended and nothing of it waits for a decision. */
export class Place {
  readonly #shared: Pick<SharedByCalls, 'quotas' | 'scheduler'>
  readonly #key: string
  #kind: Kind
  #isTaken = false
  #held = 0
  #deciding = 0
  #hasEnded = false

  constructor(shared: Pick<SharedByCalls, 'quotas' | 'scheduler'>, key: string, kind: Kind) {
    this.#shared = shared
    this.#key = key
    this.#kind = kind
  }

  get kind(): Kind {
    return this.#kind
  }

  /** @returns whether one of its kind is free for it */
  take(): boolean {
    return (this.#isTaken = this.#shared.quotas.take(this.#key, this.#kind))
  }

  /** Takes one of another kind instead. */
  change(kind: Kind): boolean {
    const { quotas } = this.#shared
    if (kind === this.#kind) return true
    if (!quotas.take(this.#key, kind)) return false
    quotas.give(this.#key, this.#kind)
    this.#kind = kind
    return true
  }

  /** @returns whether the identity may have that many more bytes in memory */
  hold(bytes: number): boolean {
    // It would never be given back.
    if (this.#hasEnded) return false
    const isFree = this.#shared.quotas.take(this.#key, 'heldBytes', bytes)
    if (isFree) this.#held += bytes
    return isFree
  }

  end(): void {
    this.#hasEnded = true
    this.#giveBack()
  }

  /** @throws {@link BodyRefused} if it ends before its turn */
  inTurn: InTurn = async (decide) => {
    this.#deciding++
    try {
      return await this.#shared.scheduler.run(this.#key, async (outside) => {
        if (this.#hasEnded) throw new BodyRefused()
        return decide(outside)
      })
    } finally {
      this.#deciding--
      this.#giveBack()
    }
  }

  #giveBack(): void {
    if (!this.#hasEnded || this.#deciding > 0) return
    const { quotas } = this.#shared
    if (this.#isTaken) quotas.give(this.#key, this.#kind)
    if (this.#held > 0) quotas.give(this.#key, 'heldBytes', this.#held)
    this.#isTaken = false
    this.#held = 0
  }
}
