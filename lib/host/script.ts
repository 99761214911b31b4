/**
 * A whole script as one function that is called in the last line: one that was cut off on its way is a mistake in its
 * syntax, and nothing of it runs. Nothing in it reads what the shell reads its script from.
 *
 * @param lines - the body
 */
export function asScript(lines: readonly string[]): string {
  return `main() {\n${lines.join('\n')}\n}\nmain "$@" </dev/null\n`
}

/** A file's text for a command's stdin: no line of it can end it early, and nothing in it is expanded. */
export function hereDocument(text: string): string {
  const lines = new Set(text.split('\n'))
  let mark = 'DOCKER_MTLS_END'
  while (lines.has(mark)) mark += '_'
  return `<<'${mark}'\n${text.endsWith('\n') || text === '' ? text : `${text}\n`}${mark}`
}
