import { styleText } from 'node:util'
import type { Output, Variables } from './output.ts'

/** The styles of our output. Colour never carries meaning alone. */
export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red'

/** Gives a text a style, or not. */
export type Paint = (style: Style, text: string) => string

/** Does this stream get colours? FORCE_COLOR overrides NO_COLOR, as in Node itself; both override the terminal. */
export function hasColours({ isTTY = false }: Output, { NO_COLOR, FORCE_COLOR, TERM }: Variables): boolean {
  if (FORCE_COLOR !== undefined) return !['0', 'false'].includes(FORCE_COLOR)
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false
  return isTTY && TERM !== 'dumb'
}

export function painter(output: Output, env: Variables): Paint {
  if (!hasColours(output, env)) return (_style, text) => text
  // Newer versions of Node check process.stdout by default, but this may be for another stream.
  return (style, text) => styleText(style, text, { validateStream: false })
}
