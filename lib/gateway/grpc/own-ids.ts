import type { OwnId } from '../../policy/calls/methods.ts'

/** How long a call may come before the thing that it names, in milliseconds: clients begin both at once, and BuildKit waits, too. */
const WAIT_MS = 5_000
/** How many builds of one identity are remembered, also after they have ended. */
const MOST_BUILDS = 200

interface Waiting {
  readonly name: string
  readonly found: () => void
}

/**
 * The sessions and builds that each identity has opened through a gateway. Their ids are random and long; but whoever has
 * learned one could read another client's files and secrets in the session, and its results in the build.
 */
export class OwnIds {
  readonly #owners = new Map<string, string>()
  readonly #waiting = new Set<Waiting>()

  /** Gives it to this identity. False: it is another one's. */
  add(key: string, id: OwnId): boolean {
    const name = nameOf(id)
    if ((this.#owners.get(name) ?? key) !== key) return false
    this.#owners.delete(name)
    this.#owners.set(name, key)
    for (const waiting of this.#waiting) if (waiting.name === name) waiting.found()
    if (id.kind === 'build') this.#forgetOldest(key)
    return true
  }

  remove(key: string, id: OwnId): void {
    if (this.#owners.get(nameOf(id)) === key) this.#owners.delete(nameOf(id))
  }

  /** Whether all of them are this identity's, now or in a moment. */
  async areOwn(key: string, ids: readonly OwnId[], signal?: AbortSignal): Promise<boolean> {
    const owned = await Promise.all(ids.map((id) => this.#isOwn(key, id, signal)))
    return owned.every(Boolean)
  }

  #isOwn(key: string, id: OwnId, signal?: AbortSignal): boolean | Promise<boolean> {
    const name = nameOf(id)
    const owner = this.#owners.get(name)
    if (owner !== undefined || id.id === '' || signal?.aborted) return owner === key
    return new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', settle)
        this.#waiting.delete(waiting)
        resolve(this.#owners.get(name) === key)
      }
      const waiting = { name, found: settle }
      const timer = setTimeout(settle, WAIT_MS)
      signal?.addEventListener('abort', settle)
      this.#waiting.add(waiting)
    })
  }

  #forgetOldest(key: string): void {
    const builds = [...this.#owners].filter(([name, owner]) => owner === key && name.startsWith('build '))
    for (const [name] of builds.slice(0, Math.max(0, builds.length - MOST_BUILDS))) this.#owners.delete(name)
  }
}

const nameOf = ({ kind, id }: OwnId): string => `${kind} ${id}`
