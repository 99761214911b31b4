import { shellLine, singleQuoted } from '../base/quoting/posix.ts'

/** Values for a shell program, by the names of its variables: none of them is read as a part of the program. */
export type ShellValues = Readonly<Record<string, string | number>>

/** Sets the variables of a program. */
export function assignments(values: ShellValues): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${singleQuoted(String(value))}`)
    .join('\n')
}

/**
 * A whole program as one function that is called in the last line: one that was cut off on its way is a mistake in its
 * syntax, and nothing of it runs. Nothing in it reads what the shell reads its program from.
 *
 * @param texts - the body: texts of `.sh` files, assignments and calls
 */
export function shellProgram(...texts: readonly string[]): string {
  const body = texts.filter((text) => text !== '').map((text) => text.replace(/\n$/, ''))
  return `main() {\n${body.join('\n')}\n}\nmain "$@" </dev/null\n`
}

/** A function that does the same for each of several lines of words: a list, as data for a program. */
export function shellFunction(name: string, lines: readonly string[]): string {
  return [`${name}() {`, ...lines, ':', '}'].join('\n')
}

/** A call of a function of a `.sh` file, with a file's text on its stdin if there is one. */
export function shellCall(words: readonly string[], stdin?: string): string {
  return stdin === undefined ? shellLine(...words) : `${shellLine(...words)} ${hereDocument(stdin)}`
}

/** A file's text for a command's stdin: no line of it can end it early, and nothing in it is expanded. */
export function hereDocument(text: string): string {
  const lines = new Set(text.split('\n'))
  let mark = 'DOCKER_MTLS_END'
  while (lines.has(mark)) mark += '_'
  return `<<'${mark}'\n${text.endsWith('\n') || text === '' ? text : `${text}\n`}${mark}`
}
