/** Nothing in these means anything to a POSIX shell. */
const PLAIN = /^[\w@%+=:,./-]+$/

/** Text in single quotes, in which a POSIX shell takes every character as it is (POSIX.1-2024, XCU 2.2.2). */
export function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** A word of a POSIX shell, whatever is in it: quoted only where that is needed. */
export function shellWord(text: string): string {
  return PLAIN.test(text) ? text : singleQuoted(text)
}

/** A command line for a POSIX shell. */
export function shellLine(...words: readonly string[]): string {
  return words.map(shellWord).join(' ')
}
