/** What in a pattern stands for any number of characters, as regular expressions. */
export const WILD = { any: '.*', name: '[^/]*', folders: '(.*/)?' } as const

const WILDS: ReadonlySet<string> = new Set(Object.values(WILD))

/** So many of them a regular expression is quick with. */
const FEW = 2

/**
 * Tells whether a pattern names a path. A regular expression of JavaScript goes back to each of its stars, and ten of them
 * would keep this process busy for hours; Go's doesn't, and both a `.dockerignore` and a daemon may come from anybody.
 *
 * @param parts - regular expressions, each for one character unless it is one of {@link WILD}
 */
export function matcherOf(parts: readonly string[]): (path: string) => boolean {
  const whole = new RegExp(`^${parts.join('')}$`, 'su')
  if (parts.filter((part) => WILDS.has(part)).length <= FEW) return (path) => whole.test(path)
  const automaton = new Automaton(parts)
  return (path) => automaton.accepts(path)
}

/** A place before each part, and one behind the last; those within `folders`, which has begun, count from -1 down. */
type Places = Set<number>

/** Is at all places of the pattern at once, so that each character is looked at once for each part. */
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

  /** A part that stands for nothing is passed over as well. */
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
