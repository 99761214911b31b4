import type { DaemonUse, Reference, ServiceUse } from './judging/finding.ts'
import type { Json, JsonObject } from './request.ts'

/** Something of the daemon that a decision needs to know. Inspect it, and decide again. */
export interface Need {
  /** What it is. `daemon`: the daemon itself, which `GET /info` inspects. The answer may be some seconds old. */
  readonly kind: Reference['kind'] | ServiceUse['kind'] | DaemonUse['kind'] | 'image'
  /** As the request names it: a name, an id, or the beginning of an id. Of the daemon, it is `info`. */
  readonly name: string
}

/** What the daemon says of the things that requests name. Each is asked for by a {@link Need}. */
export class Facts {
  /** By id if it has one. A request can name the same thing in many ways, and one copy is enough, the newest. */
  readonly #things = new Map<string, Json>()
  readonly #keys = new Map<string, string>()

  /**
   * Adds what the daemon's inspection of something returned.
   *
   * @param inspect - its answer; null if there is no such thing
   */
  add({ kind, name }: Need, inspect: Json): this {
    const id = idOf(kind, inspect)
    const key = id === undefined ? `${kind} named ${name}` : `${kind} ${id}`
    this.#keys.set(`${kind} ${name}`, key)
    this.#things.set(key, inspect)
    return this
  }

  /** Undefined if nobody has asked the daemon. */
  get({ kind, name }: Need): Json | undefined {
    return this.#things.get(this.#keys.get(`${kind} ${name}`) ?? '')
  }
}

/** By which the daemon knows something, however a request names it. What it says of an image may depend on the name. */
export function idOf(kind: string, inspect: Json): string | undefined {
  if (kind === 'image' || typeof inspect !== 'object' || inspect === null || Array.isArray(inspect)) return undefined
  const { Id, ID = Id } = inspect as JsonObject
  return typeof ID === 'string' && /^\w+$/.test(ID) ? ID : undefined
}
