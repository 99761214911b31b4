/**
 * What a terminal shows after some output: as much of ECMA-48 as our lines need. Anything else is refused, so that a test
 * sees it.
 */
export function screenOf(output: string, columns = 80, rows = 24): string[] {
  const lines: string[][] = [[]]
  const at = { row: 0, column: 0 }
  const newLine = (): void => {
    at.row++
    if (lines[at.row] === undefined) lines.push([])
  }
  // What has left the screen at its top is out of the cursor's reach.
  const top = (): number => Math.max(0, lines.length - rows)
  const obey = (code: string, kind: string): void => {
    if (kind === 'm') return
    if (kind === 'A') at.row = Math.max(top(), at.row - Number(code))
    else if (kind === 'J' && code === '') {
      lines.splice(at.row + 1)
      lines[at.row]?.splice(at.column)
    } else throw new Error(`the terminal is told ESC [ ${code} ${kind}`)
  }
  // oxlint-disable-next-line no-control-regex -- what terminals obey
  for (const [token, code, kind] of output.matchAll(/\u001B\[([\d;?]*)([A-Za-z])|\r|\n|./gsu)) {
    if (kind !== undefined) obey(code ?? '', kind)
    else if (token === '\r') at.column = 0
    else if (token === '\n') {
      at.column = 0
      newLine()
    } else {
      if (at.column === columns) {
        at.column = 0
        newLine()
      }
      const line = lines[at.row] ?? []
      while (line.length < at.column) line.push(' ')
      line[at.column++] = token
    }
  }
  return lines.map((line) => line.join('').trimEnd())
}
