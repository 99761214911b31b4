/** Words without special characters of a POSIX shell. */
const PLAIN = /^[\w@%+=:,./-]+$/

/** Text in single quotes, which preserve every character in a POSIX shell (POSIX.1-2024, XCU 2.2.2). */
export function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** Any text as a word of a POSIX shell, quoted only if necessary. */
export function shellWord(text: string): string {
  return PLAIN.test(text) ? text : singleQuoted(text)
}

/** A command line for a POSIX shell. */
export function shellLine(...words: readonly string[]): string {
  return words.map(shellWord).join(' ')
}
