import type { Output } from './io.ts'

/**
 * Some lines at the bottom of a terminal that are rewritten in place. The cursor stays visible, and between two drawings
 * at the start of the line below them: whatever ends the process then leaves a terminal that needs no repair.
 */
export interface Live {
  /**
   * Shows these instead of what was shown; each has to fit the terminal's width, and all of them its height.
   *
   * @param above - text that stays above them, in whole lines
   */
  readonly draw: (lines: readonly string[], above?: string) => void
  /** Leaves what is shown as it is, for good. */
  readonly end: () => void
}

interface Region extends Live {
  readonly above: (text: string) => void
  /** Takes the lines away, and holds back what would be written, until it goes on. */
  readonly pause: () => void
  readonly goOn: () => void
  readonly isPaused: () => boolean
}

/** Who else writes to the same stream must write above the lines, and not into them. */
const REGIONS = new WeakMap<Output, Region>()

const ESCAPE = '\u001B['
/** Erase from the cursor to the end of the screen (ECMA-48, ED): also the `^C` that a terminal echoes. */
const ERASE = `${ESCAPE}J`

/** Takes a terminal's last lines; `end` gives them back. */
export function goLive(output: Output): Live {
  let shown: readonly string[] = []
  /** How many lines there are to rewrite. */
  let drawn = 0
  let paused = false
  let heldBack = ''
  // One write, so that no terminal shows the moment between.
  const write = (text: string, lines: readonly string[]): void => {
    const back = drawn === 0 ? '' : `\r${ESCAPE}${drawn}A${ERASE}`
    const all = `${back}${text}${lines.map((line) => `${line}\n`).join('')}`
    drawn = lines.length
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
    goOn: () => {
      paused = false
      write(heldBack, shown)
      heldBack = ''
    },
    isPaused: () => paused,
    end: () => {
      if (REGIONS.get(output) === region) REGIONS.delete(output)
      shown = []
      drawn = 0
    },
  }
  REGIONS.set(output, region)
  return region
}

/** Writes whole lines to a stream, above whatever is rewritten there. */
export function writeAbove(output: Output, text: string): void {
  const region = REGIONS.get(output)
  if (region === undefined || region.isPaused()) output.write(text)
  else region.above(text)
}

/** Does something that needs the end of the stream for itself: asks a question. */
export async function withoutLive<Result>(output: Output, work: () => Promise<Result>): Promise<Result> {
  const region = REGIONS.get(output)
  if (region === undefined || region.isPaused()) return work()
  region.pause()
  try {
    return await work()
  } finally {
    region.goOn()
  }
}
