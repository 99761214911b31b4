import { styleText } from 'node:util'
import { wrap } from '../../base/wrap.ts'
import type { Environment } from '../../endpoint/environment.ts'
import type { Output } from './io.ts'

/** The styles of our output. Colour never carries meaning alone. */
export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red'

/** Gives a text a style, or not. */
export type Paint = (style: Style, text: string) => string

/** The width without a terminal, and the maximum: longer lines are hard to read. */
const WIDTH = 80
const NARROWEST = 40

/** Does this stream get colours? FORCE_COLOR overrides NO_COLOR, as in Node itself; both override the terminal. */
export function hasColours({ isTTY = false }: Output, { NO_COLOR, FORCE_COLOR, TERM }: Environment): boolean {
  if (FORCE_COLOR !== undefined) return !['0', 'false'].includes(FORCE_COLOR)
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false
  return isTTY && TERM !== 'dumb'
}

export function painter(output: Output, env: Environment): Paint {
  if (!hasColours(output, env)) return (_style, text) => text
  // Newer versions of Node check process.stdout by default, but this may be for another stream.
  return (style, text) => styleText(style, text, { validateStream: false })
}

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

/** Characters that terminals show twice as wide, and without width (UAX 11; terminals differ). */
const WIDE = /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60]|\p{Emoji_Presentation}/u
const COMBINING = /\p{M}/u

/** How many columns a text takes on a terminal. */
export function textWidth(text: string): number {
  return Array.from(text).reduce((width, character) => width + widthOfCharacter(character), 0)
}

function widthOfCharacter(character: string): number {
  if (COMBINING.test(character)) return 0
  return WIDE.test(character) ? 2 : 1
}

/** The beginning of a text that is too wide; `more` stands for the rest. */
export function cut(text: string, width: number, more: string): string {
  if (textWidth(text) <= width) return text
  let left = width - textWidth(more)
  let shown = ''
  for (const character of text) {
    left -= widthOfCharacter(character)
    if (left < 0) break
    shown += character
  }
  return `${shown.trimEnd()}${more}`
}
