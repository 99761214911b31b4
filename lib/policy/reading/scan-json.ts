import { JsonText } from './json-text.ts'
import { Unreadable } from './unreadable.ts'

/** A JSON value with all that JSON.parse() hides: repeated keys, and how a number is written. */
export type Scanned =
  | { readonly kind: 'object'; readonly entries: readonly (readonly [key: string, value: Scanned])[] }
  | { readonly kind: 'array'; readonly items: readonly Scanned[] }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }

/** Go allows 10,000. No request of the API needs more than a few. */
const DEEPEST = 100
/** More values than any request needs, and few enough to keep in memory. */
export const MOST_VALUES = 100_000

const LITERALS: readonly (readonly [word: string, value: Scanned])[] = [
  ['true', { kind: 'boolean', value: true }],
  ['false', { kind: 'boolean', value: false }],
  ['null', { kind: 'null' }],
]

/**
 * Parses one JSON value. dockerd itself reads on behind some first values, so anything behind the value is refused.
 *
 * @param what - the part of the request, for the reason
 */
export function scanJson(text: string, what: string): Scanned {
  const scanner = new Scanner(new JsonText(text, what), what)
  return scanner.document()
}

class Scanner {
  readonly #text: JsonText
  readonly #what: string
  #values = 0

  constructor(text: JsonText, what: string) {
    this.#text = text
    this.#what = what
  }

  document(): Scanned {
    const value = this.#value(0)
    this.#text.skipSpace()
    if (!this.#text.atEnd) throw this.#text.invalid('there is more behind the JSON value')
    return value
  }

  #value(depth: number): Scanned {
    if (depth > DEEPEST) throw this.#text.invalid(`it is nested more than ${DEEPEST} deep`)
    this.#values += 1
    if (this.#values > MOST_VALUES)
      throw new Unreadable('BODY_TOO_LARGE', this.#what, `it has more than ${MOST_VALUES} values`)
    this.#text.skipSpace()
    if (this.#text.take('{')) return { kind: 'object', entries: this.#list('}', () => this.#entry(depth)) }
    if (this.#text.take('[')) return { kind: 'array', items: this.#list(']', () => this.#value(depth + 1)) }
    if (this.#text.take('"')) return { kind: 'string', value: this.#text.string() }
    return this.#literal()
  }

  #literal(): Scanned {
    for (const [word, value] of LITERALS) if (this.#text.take(word)) return value
    return { kind: 'number', text: this.#text.number() }
  }

  #entry(depth: number): readonly [string, Scanned] {
    this.#text.skipSpace()
    this.#text.expect('"')
    const key = this.#text.string()
    this.#text.skipSpace()
    this.#text.expect(':')
    return [key, this.#value(depth + 1)]
  }

  #list<Item>(end: string, next: () => Item): Item[] {
    const items: Item[] = []
    this.#text.skipSpace()
    if (this.#text.take(end)) return items
    for (;;) {
      items.push(next())
      this.#text.skipSpace()
      if (this.#text.take(end)) return items
      this.#text.expect(',')
    }
  }
}
