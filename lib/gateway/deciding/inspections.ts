import { idOf } from '../../policy/facts.ts'
import type { Json } from '../../policy/request.ts'
import { BodyRefused } from '../arriving/body.ts'
import { inspectThing, parseBody, type Parse } from './inspect.ts'
import { refusal } from '../refusal.ts'
import type { Shared } from '../shared.ts'
import type { InspectKind } from '../types.ts'

type Asking = Pick<Shared, 'dispatcher' | 'info' | 'onlyDockerd' | 'quotas' | 'scheduler' | 'served'>

/**
 * What is inspected to decide about one request. Until then, it counts as held by the client: of something that the request names in
 * several ways, one copy, as in `Facts`.
 */
export class Inspections {
  readonly #shared: Asking
  readonly #key: string
  /** Most requests need none. */
  #ends: AbortController | undefined
  #hasEnded = false
  /** How many bytes each thing has. */
  readonly #bytes = new Map<string, number>()
  #held = 0
  #parsing = 0

  /** @param key - of the identity whose limits count */
  constructor(shared: Asking, key: string) {
    this.#shared = shared
    this.#key = key
  }

  /** @throws {@link BodyRefused} if it is too large for what this client holds, or the client has left */
  inspect(kind: InspectKind, name: string): Promise<unknown> {
    const asked = this.#inspect(kind, name)
    // A function that decides without waiting for it must not end the process.
    asked.catch(() => {})
    return asked
  }

  async #inspect(kind: InspectKind, name: string): Promise<unknown> {
    let bytes = 0
    const refuse = (more: number): Error | undefined => {
      if (!this.#hold(more)) return tooMuch()
      bytes += more
      return undefined
    }
    if (this.#hasEnded) throw new BodyRefused()
    if (kind === 'daemon' && name === 'info') return this.#shared.info.get()
    const { signal } = (this.#ends ??= new AbortController())
    const { scheduler } = this.#shared
    const parse: Parse = async (body) => {
      this.#parsing++
      try {
        return await scheduler.run(this.#key, async () => {
          if (this.#hasEnded) throw new BodyRefused()
          return parseBody(body)
        })
      } finally {
        this.#parsing--
        this.#giveRest()
      }
    }
    const thing = await inspectThing(this.#shared, kind, name, { caller: this.#key, signal, refuse, parse })
    const which = `${kind} ${idOf(kind, thing as Json) ?? `named ${name}`}`
    this.#give(this.#bytes.get(which) ?? 0)
    this.#bytes.set(which, bytes)
    return thing
  }

  /** The decision is made, or nobody waits for it any more. */
  end(): void {
    this.#hasEnded = true
    this.#ends?.abort(new BodyRefused())
    this.#giveRest()
  }

  /** What waits to be parsed is still in memory. */
  #giveRest(): void {
    if (this.#hasEnded && this.#parsing === 0) this.#give(this.#held)
  }

  #hold(bytes: number): boolean {
    if (this.#hasEnded || !this.#shared.quotas.take(this.#key, 'heldBytes', bytes)) return false
    this.#held += bytes
    return true
  }

  #give(bytes: number): void {
    if (bytes === 0 || this.#held === 0) return
    this.#shared.quotas.give(this.#key, 'heldBytes', bytes)
    this.#held -= bytes
  }
}

function tooMuch(): BodyRefused {
  const got = 'the daemon has more to say of what you name than this gateway holds for one client at once'
  return new BodyRefused(refusal(429, 'TOO_MANY_REQUESTS', got))
}
