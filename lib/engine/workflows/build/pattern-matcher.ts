/** The wildcards of a pattern, as regular expressions. */
export const WILD = { any: '.*', name: '[^/]*', folders: '(.*/)?' } as const

const WILDS: ReadonlySet<string> = new Set(Object.values(WILD))

/** A regular expression with at most this many wildcards is fast. */
const FEW = 2

/**
 * Returns a function that tells whether a pattern matches a path. JavaScript's regular expressions backtrack: ten
 * wildcards could keep this process busy for hours. Go's don't. And neither a `.dockerignore` nor a daemon is
 * necessarily trusted.
 *
 * @param parts - regular expressions, each of which matches one character unless it is one of {@link WILD}
 */
export function matcherOf(parts: readonly string[]): (path: string) => boolean {
  const whole = new RegExp(`^${parts.join('')}$`, 'su')
  if (parts.filter((part) => WILDS.has(part)).length <= FEW) return (path) => whole.test(path)
  const automaton = new Automaton(parts)
  return (path) => automaton.accepts(path)
}

/** Positions before each part and after the last. Those inside of a `folders` wildcard are negative, from -1 down. */
type Places = Set<number>

/**
 * A nondeterministic automaton: it is at several positions at once, so its time is the length of the path times that of
 * the pattern.
 */
export class Automaton {
  readonly #parts: readonly string[]
  readonly #characters: readonly RegExp[]

  constructor(parts: readonly string[]) {
    this.#parts = parts
    this.#characters = parts.map((part) => new RegExp(`^${part}$`, 'su'))
  }

  accepts(path: string): boolean {
    let places: Places = new Set()
    this.#enter(places, 0)
    for (const character of path) {
      const next: Places = new Set()
      for (const place of places) this.#step(place, character, next)
      if (next.size === 0) return false
      places = next
    }
    return places.has(this.#parts.length)
  }

  /** A wildcard also matches the empty string, so the next position is entered as well. */
  #enter(places: Places, from: number): void {
    for (let place = from; !places.has(place); place++) {
      places.add(place)
      if (!WILDS.has(this.#parts[place] ?? '')) return
    }
  }

  #step(place: number, character: string, next: Places): void {
    const index = place < 0 ? -1 - place : place
    const part = this.#parts[index]
    if (part === WILD.folders) {
      next.add(-1 - index)
      if (character === '/') this.#enter(next, index + 1)
    } else if (part === WILD.any || part === WILD.name) {
      if (part === WILD.any || character !== '/') this.#enter(next, index)
    } else if (this.#characters[index]?.test(character) === true) this.#enter(next, index + 1)
  }
}
