/** The longest part of a step's output that an error keeps, beginning at a line. In characters. */
const LONGEST = 4000

/** The end of an output. */
export class LogTail {
  #text = ''

  add(text: string): void {
    this.#text += text
    // The additional character shows that something was cut.
    if (this.#text.length > 2 * LONGEST) this.#text = this.#text.slice(-LONGEST - 1)
  }

  toString(): string {
    if (this.#text.length <= LONGEST) return this.#text
    const end = this.#text.slice(-LONGEST)
    return end.slice(end.indexOf('\n') + 1)
  }
}
