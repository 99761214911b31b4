/** What became of each step on one runtime: what was wrong, or an empty text. */
export type Column = ReadonlyMap<string, string>

const WIDTH = 17

/** Prints a row for each step and a column for each runtime, and how many are as expected. Returns how many aren't. */
export function printTable(columns: readonly (readonly [runtime: string, Column])[]): number {
  const names = [...new Set(columns.flatMap(([, column]) => [...column.keys()]))]
  const first = Math.max(...names.map((name) => name.length)) + 2
  const row = (name: string, cells: readonly string[]): void =>
    console.log(name.padEnd(first) + cells.map((cell) => cell.padEnd(WIDTH)).join(''))
  const results = names.map((name) => columns.map(([, column]) => column.get(name) ?? 'it did not run'))
  row(
    '',
    columns.map(([runtime]) => runtime),
  )
  for (const [index, name] of names.entries()) {
    const cells = results[index] ?? []
    row(
      name,
      cells.map((problem) => (problem === '' ? 'ok' : 'FAILED')),
    )
    for (const [column, problem] of cells.entries()) {
      if (problem !== '') console.log(`    ${columns[column]?.[0]}: ${problem.trim().replaceAll('\n', '\n    ')}`)
    }
  }
  const failed = results.flat().filter((problem) => problem !== '').length
  console.log(`\n${results.flat().length - failed} passed, ${failed} failed`)
  return failed
}
