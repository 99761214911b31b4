import { enumerate, quoted, UNPRINTABLE } from '../../../base/text.ts'
import { similarName } from '../../../base/options.ts'
import type { Complaint } from '../fault.ts'

/** A text that isn't what it must be. */
export class Refused {
  /** Made late: only the first faults of a policy are shown. */
  readonly says: () => Complaint

  constructor(says: () => Complaint) {
    this.says = says
  }
}

/** A kind of text in a policy. */
export interface Kind<T> {
  /** For a value of another type: `a common name, such as ann`. */
  readonly expected: string
  readonly read: (text: string) => T | Refused
}

/** Refuses a text. `why` is what it is or has, after the text itself. */
export function refused(text: string, why: string, todo: string): Refused {
  return new Refused(() => ({ got: `${quoted(text)} ${why}`, todo }))
}

/** The kind of a text that is one of these. `noun` is with its article: `a level`. */
export function oneOf<T extends string>(names: readonly T[], noun: string): Kind<T> {
  const known: ReadonlySet<string> = new Set(names)
  const expected = enumerate(names, 'or')
  return {
    expected,
    read: (text) =>
      known.has(text) ? (text as T) : new Refused(() => unknown(text, names, noun, `Write ${expected}.`)),
  }
}

/** The complaint about a text that isn't one of these, with a similar one. */
export function unknown(text: string, names: readonly string[], noun: string, todo: string): Complaint {
  const near = similarName(text, names)
  return { got: `${quoted(text)} is not ${noun}`, todo: near === undefined ? todo : `Did you mean ${near}?` }
}

/** A text that is compared exactly: no two texts that look alike may differ. Undefined if it can be. */
export function plainFault(text: string): string | undefined {
  if (text === '') return 'is empty'
  if (text.length > LONGEST) return `is longer than ${LONGEST} characters`
  if (text.search(UNPRINTABLE) !== -1) return 'has a character that is invisible or a control character'
  return text.trim() === text ? undefined : 'begins or ends with a space'
}

const LONGEST = 1024

/** The kind of a text that is compared exactly. */
export function plainText(expected: string): Kind<string> {
  return {
    expected,
    read: (text) => {
      const why = plainFault(text)
      return why === undefined ? text : refused(text, why, `Write ${expected}.`)
    },
  }
}

/** The kind of a text that a pattern describes. */
export function matching(pattern: RegExp, expected: string, why: string): Kind<string> {
  return { expected, read: (text) => (pattern.test(text) ? text : refused(text, why, `Write ${expected}.`)) }
}
