import type { OwnId } from '../../policy/calls/methods.ts'
import type { Refusal } from '../refusal.ts'

/** How long a call may come before the thing that it names, in milliseconds: clients begin both at once, and BuildKit waits, too. */
const WAIT_MS = 2_000
/** How many builds of one identity are remembered after they have ended. */
const MOST_BUILDS = 200
/** How many refused builds of all identities are remembered. */
const MOST_REFUSED = 1_000

/** How many blobs of its own builds an identity may read. A build has a few. */
const MOST_BLOBS = 1_000

/** For a session or build of somebody else, and for one that was never opened. */
export const NOT_OWN: Refusal = {
  status: 403,
  code: 'TARGET_UNKNOWN',
  message:
    'docker-mtls gateway: you have not opened the session or build that it names through this gateway (TARGET_UNKNOWN)',
}

const NOT_OWN_BLOB: Refusal = {
  status: 403,
  code: 'TARGET_UNKNOWN',
  message:
    'docker-mtls gateway: no record of your builds that you have read through this gateway names this content (TARGET_UNKNOWN)',
}

/**
 * The sessions and builds that each identity has opened through a gateway. Their ids are random and long; but whoever has
 * learned one could read another client's files and secrets in the session, and its results in the build.
 */
export class OwnIds {
  readonly #owners = new Map<string, string>()
  /** What the records name that each identity has read of its builds. The same content can be several identities'. */
  readonly #blobs = new Map<string, Set<string>>()
  /** How often each build is running: once, or twice until BuildKit refuses the second. */
  readonly #running = new Map<string, number>()
  readonly #refused = new Map<string, Refusal>()
  /** How many calls that would open a thing are being decided, by its place. */
  readonly #pending = new Map<string, number>()
  readonly #waiting = new Set<{ readonly place: string; readonly settle: () => void }>()

  /** Gives it to this identity. @returns the refusal, if it is another one's */
  add(key: string, id: OwnId): Refusal | undefined {
    const name = nameOf(id)
    const foreign = this.foreign(key, id)
    if (foreign) return foreign
    this.#owners.delete(name)
    this.#owners.set(name, key)
    this.#wake(placeOf(key, id))
    if (id.kind === 'build') this.#running.set(name, (this.#running.get(name) ?? 0) + 1)
    return undefined
  }

  /** This identity may read what its builds have made. */
  addBlobs(key: string, digests: readonly string[]): void {
    const blobs = this.#blobs.get(key) ?? new Set()
    for (const digest of digests) blobs.delete(digest)
    for (const digest of digests) blobs.add(digest)
    for (const digest of blobs) if (blobs.size > MOST_BLOBS) blobs.delete(digest)
    this.#blobs.set(key, blobs)
  }

  /** Is it this identity's own, as far as the gateway remembers? */
  isOwn(key: string, id: OwnId): boolean {
    return this.#owners.get(nameOf(id)) === key
  }

  /** A build has ended. Its client can read what has become of it, until it has begun many others. */
  ended(key: string, id: OwnId): void {
    const name = nameOf(id)
    const left = (this.#running.get(name) ?? 1) - 1
    if (left > 0) return void this.#running.set(name, left)
    this.#running.delete(name)
    this.#forgetOldest(key)
  }

  /** The refusal for what another identity has opened. */
  foreign(key: string, id: OwnId): Refusal | undefined {
    return (this.#owners.get(nameOf(id)) ?? key) === key ? undefined : NOT_OWN
  }

  /** It won't be opened: calls that name it are refused for the same reason, because clients show that of any of them. */
  refuse(key: string, id: OwnId, refused: Refusal): void {
    this.#refused.set(placeOf(key, id), refused)
    for (const place of this.#refused.keys()) if (this.#refused.size > MOST_REFUSED) this.#refused.delete(place)
    this.#wake(placeOf(key, id))
  }

  /**
   * A call that would open it is being decided: calls that name it wait for that, however long it takes.
   *
   * @returns ends it, after {@link OwnIds.add} or {@link OwnIds.refuse}
   */
  pending(key: string, id: OwnId): () => void {
    const place = placeOf(key, id)
    this.#pending.set(place, (this.#pending.get(place) ?? 0) + 1)
    return () => {
      const left = (this.#pending.get(place) ?? 1) - 1
      if (left > 0) return void this.#pending.set(place, left)
      this.#pending.delete(place)
      this.#wake(place)
    }
  }

  remove(key: string, id: OwnId): void {
    if (this.#owners.get(nameOf(id)) === key) this.#owners.delete(nameOf(id))
  }

  /** Why this identity may not use them: one isn't its own, and won't be in a moment. */
  async check(key: string, ids: readonly OwnId[], signal?: AbortSignal): Promise<Refusal | undefined> {
    const refused = await Promise.all(ids.map(async (id) => this.#check(key, id, signal)))
    return refused.find((one) => one !== undefined)
  }

  #check(key: string, id: OwnId, signal?: AbortSignal): Refusal | undefined | Promise<Refusal | undefined> {
    if (id.kind === 'blob') return this.#blobs.get(key)?.has(id.id) ? undefined : NOT_OWN_BLOB
    const [place, name] = [placeOf(key, id), nameOf(id)]
    const result = (): Refusal | undefined =>
      this.#owners.get(name) === key ? undefined : (this.#refused.get(place) ?? NOT_OWN)
    // What is being decided may get another result than it had before.
    const isKnown = this.#owners.has(name) || (this.#refused.has(place) && !this.#pending.has(place))
    if (isKnown || id.id === '' || signal?.aborted) return result()
    return new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', settle)
        this.#waiting.delete(waiting)
        resolve(result())
      }
      const waiting = { place, settle }
      const timer = setTimeout(() => this.#pending.has(place) || settle(), WAIT_MS)
      signal?.addEventListener('abort', settle)
      this.#waiting.add(waiting)
    })
  }

  #wake(place: string): void {
    for (const waiting of this.#waiting) if (waiting.place === place) waiting.settle()
  }

  #forgetOldest(key: string): void {
    const builds = [...this.#owners].filter(
      ([name, owner]) => owner === key && name.startsWith('build ') && !this.#running.has(name),
    )
    for (const [name] of builds.slice(0, Math.max(0, builds.length - MOST_BUILDS))) this.#owners.delete(name)
  }
}

const nameOf = ({ kind, id }: OwnId): string => `${kind} ${id}`
const placeOf = (key: string, id: OwnId): string => `${nameOf(id)}\n${key}`
