import { stripVTControlCharacters } from 'node:util'
import type { Output } from './output.ts'
import { textWidth } from './text-width.ts'

/**
 * Lines at the bottom of a terminal that are rewritten in place. The cursor stays visible, and waits at the start of the
 * line below them, so the terminal is in order however the process ends.
 */
export interface Live {
  /**
   * Replaces the lines. Each has to fit the width of the terminal, and all of them its height.
   *
   * @param above - text that stays above them, in whole lines
   */
  readonly draw: (lines: readonly string[], above?: string) => void
  /** Leaves the lines as they are, for good. */
  readonly end: () => void
}

interface Region extends Live {
  readonly above: (text: string) => void
  /** Removes the lines, and holds back output until `resume`. */
  readonly pause: () => void
  readonly resume: () => void
  readonly isPaused: () => boolean
}

/** The lines on each stream: all other output has to be written above them. */
const REGIONS = new WeakMap<Output, Region>()

const ESCAPE = '\u001B['
/** Erase from the cursor to the end of the screen (ECMA-48, ED): also the `^C` that a terminal echoes. */
const ERASE = `${ESCAPE}J`

/** Reserves the last lines of a terminal; `end` releases them. */
export function goLive(output: Output): Live {
  let shown: readonly string[] = []
  /** The lines that are on the terminal. */
  let drawn: readonly string[] = []
  let paused = false
  let heldBack = ''
  // A single write, so that the terminal doesn't flicker.
  const write = (text: string, lines: readonly string[]): void => {
    const back = drawn.length === 0 ? '' : `\r${ESCAPE}${heightOf(drawn, output)}A${ERASE}`
    const all = `${back}${text}${lines.map((line) => `${line}\n`).join('')}`
    drawn = lines
    if (all !== '') output.write(all)
  }
  const region: Region = {
    draw: (lines, above = '') => {
      shown = lines
      if (paused) heldBack += above
      else write(above, shown)
    },
    above: (text) => write(text, shown),
    pause: () => {
      write('', [])
      paused = true
    },
    resume: () => {
      paused = false
      write(heldBack, shown)
      heldBack = ''
    },
    isPaused: () => paused,
    end: () => {
      if (REGIONS.get(output) === region) REGIONS.delete(output)
      shown = []
      drawn = []
    },
  }
  REGIONS.set(output, region)
  return region
}

/** How many rows the lines take now: a terminal that has become narrower since has wrapped them. */
function heightOf(lines: readonly string[], { columns }: Output): number {
  if (!columns) return lines.length
  const rows = lines.map((line) => Math.max(1, Math.ceil(textWidth(stripVTControlCharacters(line)) / columns)))
  return rows.reduce((sum, count) => sum + count, 0)
}

/** Writes whole lines to a stream, above whatever is rewritten there. */
export function writeAbove(output: Output, text: string): void {
  const region = REGIONS.get(output)
  if (region === undefined || region.isPaused()) output.write(text)
  else region.above(text)
}

/** Runs work that needs the end of the stream for itself, such as a question. */
export async function withoutLive<Result>(output: Output, work: () => Promise<Result>): Promise<Result> {
  const region = REGIONS.get(output)
  if (region === undefined || region.isPaused()) return work()
  region.pause()
  try {
    return await work()
  } finally {
    region.resume()
  }
}
