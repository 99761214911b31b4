import { goLive } from './live.ts'
import { cutLine, marksOf } from './marks.ts'
import type { Output, Variables } from './output.ts'

/** A line that is rewritten while something runs. */
export interface BoardLine {
  /** Absent: the step runs, and its mark turns. */
  readonly mark?: string
  readonly words: string
  readonly time: string
}

/** Lines at the end of a terminal that are redrawn by a clock. */
export interface ShownBoard {
  /**
   * Redraws the lines.
   *
   * @param above - whole lines that stay
   */
  readonly draw: (above?: string) => void
  /**
   * Removes the lines, for good.
   *
   * @param rest - whole lines that stay
   */
  readonly close: (rest: string) => void
}

/** How often lines are redrawn, for their marks and times. */
const TICK_MS = 100
/** Of a terminal that doesn't know its size. */
const [WIDTH, HEIGHT] = [80, 24] as const

/**
 * Shows lines that change, until it is closed.
 *
 * @param lines - returns the current lines for a terminal of this height
 * @param widest - the maximum width of a line
 */
export function showBoard(
  output: Output,
  env: Variables,
  lines: (height: number) => readonly BoardLine[],
  widest: number = Infinity,
): ShownBoard {
  const { running, more } = marksOf(env)
  const live = goLive(output)
  let before = ''
  let tick = 0
  const draw = (above = ''): void => {
    const width = Math.min((output.columns || WIDTH) - 1, widest)
    const height = Math.max(2, (output.rows || HEIGHT) - 1)
    const turning = running[tick % running.length] ?? ''
    const shown = fitting(lines(height), height, more).map(({ mark = turning, words, time }) =>
      cutLine(mark, words, time, width, more),
    )
    const text = `${width}\n${shown.join('\n')}`
    if (text !== before || above !== '') live.draw(shown, above)
    before = text
  }
  const turn = (): void => {
    tick++
    if (output.writableNeedDrain !== true) draw()
  }
  const timer = setInterval(turn, TICK_MS).unref()
  return {
    draw,
    close: (rest) => {
      clearInterval(timer)
      live.draw([], rest)
      live.end()
    },
  }
}

/** Limits the lines to the height of the terminal: a line that has left the screen can't be rewritten. */
function fitting(lines: readonly BoardLine[], height: number, more: string): readonly BoardLine[] {
  if (lines.length <= height) return lines
  const left = lines.length - (height - 1)
  return [...lines.slice(0, height - 1), { mark: more, words: `and ${left} more`, time: '' }]
}
