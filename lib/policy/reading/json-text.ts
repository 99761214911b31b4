import { Unreadable } from './unreadable.ts'

const SPACE = /[ \t\r\n]*/y
/** What a string has between escapes. JSON forbids control characters there. */
// eslint-disable-next-line no-control-regex
const PLAIN_CHARACTERS = /[^"\\\u0000-\u001f]*/y
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const FOUR_DIGITS = /[0-9a-fA-F]{4}/y
/** Digits of a 64-bit integer and more: the time to convert a long number grows with the square of its length. */
const LONGEST_NUMBER = 100

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

/** The tokens of a JSON text, from its beginning to its end. */
export class JsonText {
  readonly #text: string
  readonly #what: string
  #at = 0

  constructor(text: string, what: string) {
    this.#text = text
    this.#what = what
  }

  get atEnd(): boolean {
    return this.#at === this.#text.length
  }

  invalid(got: string): Unreadable {
    return new Unreadable('BODY_INVALID', this.#what, `${got}, at character ${this.#at + 1}`)
  }

  skipSpace(): void {
    this.#match(SPACE)
  }

  take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false
    this.#at += token.length
    return true
  }

  expect(token: string): void {
    if (!this.take(token)) throw this.invalid(`it isn't JSON: ${token} is missing`)
  }

  number(): string {
    const text = this.#match(NUMBER)
    if (text === '') throw this.invalid("it isn't JSON")
    if (text.length > LONGEST_NUMBER) throw this.invalid('a number is too long')
    return text
  }

  /** The rest of a string, behind its opening quotation mark. */
  string(): string {
    const parts: string[] = []
    for (;;) {
      parts.push(this.#match(PLAIN_CHARACTERS))
      if (this.take('"')) break
      if (!this.take('\\')) throw this.invalid('a string has a control character, or no end')
      parts.push(this.#escape())
    }
    const text = parts.join('')
    // Go replaces one with U+FFFD.
    if (/\p{Surrogate}/u.test(text)) throw this.invalid('a string has a lone surrogate')
    return text
  }

  #escape(): string {
    if (this.take('u')) {
      const digits = this.#match(FOUR_DIGITS)
      if (digits === '') throw this.invalid('a string has an invalid escape')
      return String.fromCharCode(Number.parseInt(digits, 16))
    }
    const letter = this.#text.charAt(this.#at)
    const character = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined
    if (character === undefined) throw this.invalid('a string has an invalid escape')
    this.#at += 1
    return character
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0] ?? ''
    this.#at += found.length
    return found
  }
}
