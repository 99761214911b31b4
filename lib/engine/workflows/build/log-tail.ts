/** So much of what a step printed goes into an error, and no whole line more. In characters. */
const LONGEST = 4000

/** The end of what was printed. */
export class LogTail {
  #text = ''

  add(text: string): void {
    this.#text += text
    // One character more tells that there was more.
    if (this.#text.length > 2 * LONGEST) this.#text = this.#text.slice(-LONGEST - 1)
  }

  toString(): string {
    if (this.#text.length <= LONGEST) return this.#text
    const end = this.#text.slice(-LONGEST)
    return end.slice(end.indexOf('\n') + 1)
  }
}
