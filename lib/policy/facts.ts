import type { Reference, ServiceUse } from './judging/finding.ts'
import type { Json } from './request.ts'

/** Something of the daemon that a decision needs to know. Inspect it, and decide again. */
export interface Need {
  /** What it is. */
  readonly kind: Reference['kind'] | ServiceUse['kind'] | 'image'
  /** As the request names it: a name, an id, or the beginning of an id. */
  readonly name: string
}

/** What the daemon says of the things that requests name. Each is asked for by a {@link Need}. */
export class Facts {
  readonly #known = new Map<string, Json>()

  /**
   * Adds what the daemon's inspection of something returned.
   *
   * @param inspect - its answer; null if there is no such thing
   */
  add({ kind, name }: Need, inspect: Json): this {
    this.#known.set(`${kind} ${name}`, inspect)
    return this
  }

  /** Undefined if nobody has asked the daemon. */
  get({ kind, name }: Need): Json | undefined {
    return this.#known.get(`${kind} ${name}`)
  }
}
