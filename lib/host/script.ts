import { shellLine, singleQuoted } from '../base/quoting/posix.ts'

/** Values of a shell program's variables, by name. They are quoted, so that none can become part of the program. */
export type ShellValues = Readonly<Record<string, string | number>>

/** Renders the assignments that set a program's variables. */
export function assignments(values: ShellValues): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${singleQuoted(String(value))}`)
    .join('\n')
}

/**
 * Renders a whole program as one function, and a last line that calls it. If the program is truncated on its way to the host,
 * the shell reports a syntax error and runs none of it. The function's stdin is /dev/null, so that no command in it consumes
 * the program that the shell is reading.
 *
 * @param texts - the body: texts of `.sh` files, assignments and calls
 */
export function shellProgram(...texts: readonly string[]): string {
  const body = texts.filter((text) => text !== '').map((text) => text.replace(/\n$/, ''))
  return `main() {\n${body.join('\n')}\n}\nmain "$@" </dev/null\n`
}

/** Renders a function with these lines as its body. It passes a list to a program: each line handles one item. */
export function shellFunction(name: string, lines: readonly string[]): string {
  return [`${name}() {`, ...lines, ':', '}'].join('\n')
}

/** Renders a call of a function, with a text on its stdin if one is given. */
export function shellCall(words: readonly string[], stdin?: string): string {
  return stdin === undefined ? shellLine(...words) : `${shellLine(...words)} ${hereDocument(stdin)}`
}

/**
 * Renders a here-document. Its delimiter is chosen so that no line of the text ends it, and the shell expands nothing in it.
 */
export function hereDocument(text: string): string {
  const lines = new Set(text.split('\n'))
  let delimiter = 'DOCKER_MTLS_END'
  while (lines.has(delimiter)) delimiter += '_'
  return `<<'${delimiter}'\n${text.endsWith('\n') || text === '' ? text : `${text}\n`}${delimiter}`
}
