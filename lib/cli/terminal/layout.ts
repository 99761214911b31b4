import type { Paint } from '../../base/terminal/colours.ts'
import type { Output } from '../../base/terminal/output.ts'
import { wrap } from '../../base/wrap.ts'

/** The width without a terminal, and the maximum: longer lines are hard to read. */
const WIDTH = 80
const NARROWEST = 40

/** The width of lines in characters. A terminal that doesn't know its width reports 0. */
export function widthOf({ columns: width = 0 }: Output): number {
  return width === 0 ? WIDTH : Math.max(NARROWEST, Math.min(WIDTH, width))
}

/** Labels in one column, and wrapped values in the next. */
export function facts(
  rows: readonly (readonly [label: string, value: string])[],
  { paint, width, indent = '' }: { paint: Paint; width: number; indent?: string },
): string {
  const column = Math.max(...rows.map(([label]) => label.length)) + 2
  const gap = indent + ' '.repeat(column)
  return rows
    .map(([label, value]) => {
      const text = value
        .split('\n')
        .map((part) => wrap(part, width, gap))
        .join('\n')
      return `${indent}${paint('bold', label)}${text.slice(indent.length + label.length)}`
    })
    .join('\n')
}

/** Cells in columns, of which the last one is wrapped. Returns one text for each row. */
export function columns(rows: readonly (readonly string[])[], width: number): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  return rows.map((row) => {
    const before = row
      .slice(0, -1)
      .map((cell, column) => `${cell.padEnd(widths[column] ?? 0)}  `)
      .join('')
    return before + wrap(row.at(-1) ?? '', width, ' '.repeat(before.length)).slice(before.length)
  })
}
