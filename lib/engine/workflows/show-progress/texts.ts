import { stripVTControlCharacters } from 'node:util'
import { escapeText, printable } from '../../../base/text.ts'

/** Of a line of output, in characters. */
const LONGEST_LINE = 500
/** More of a name is never looked at. */
const LONGEST_NAME = 1000

/** A foreign text if it is one, cut, on one line and without anything that could control a terminal. */
export function nameOf(value: unknown): string {
  if (typeof value !== 'string') return ''
  const text = stripVTControlCharacters(value.slice(0, LONGEST_NAME))
  return printable(text.replaceAll(/\s+/g, ' ').trim())
}

/** A line of output in the same way. Colours of the program are left out. */
function outputLine(line: string): string {
  const end = line.length > LONGEST_LINE ? '...' : ''
  const text = stripVTControlCharacters(line.slice(0, LONGEST_LINE)).replaceAll('\t', '    ')
  return `${escapeText(text).trimEnd()}${end}`
}

/** Reads lines from pieces of output. What a program has written over, such as its own progress bar, is left out. */
export class LineReader {
  #line = ''
  #returned = false

  /** The lines that have ended. */
  read(text: string): string[] {
    return text.split(/([\r\n])/).flatMap((part) => this.#add(part))
  }

  /** The line that hasn't ended. */
  rest(): string[] {
    const line = this.#line
    this.#line = ''
    return line === '' ? [] : [outputLine(line)]
  }

  #add(part: string): string[] {
    if (part === '\n') {
      const line = this.#line
      this.#line = ''
      this.#returned = false
      return [outputLine(line)]
    }
    if (part === '\r') this.#returned = true
    else if (part !== '') {
      if (this.#returned) this.#line = ''
      this.#returned = false
      // The additional character shows that something was cut.
      this.#line += part.slice(0, Math.max(0, LONGEST_LINE + 1 - this.#line.length))
    }
    return []
  }
}
