import type { OnStep } from '../../base/progress.ts'
import type { Context } from '../command.ts'
import { writeLine } from './json-lines.ts'
import { goLive } from './live.ts'
import { plainProgress, type Progress } from './plain-progress.ts'
import { hostBoard, stepBoard, type Board } from './step-board.ts'
import { cutLine, marksOf } from './step-text.ts'

/** The flags that decide how progress is shown. */
export interface ProgressFlags {
  readonly json?: boolean
}

/** How often lines are redrawn, for their marks and times. */
const TICK_MS = 100
const WIDEST = 80

/**
 * Does work and shows its steps: rewritten in place on a terminal, one line each in a pipe, and with --json as JSON lines
 * on stdout.
 *
 * @param subjects - the names of several hosts: each gets one line
 */
export async function withProgress<Result>(
  context: Context,
  flags: ProgressFlags,
  work: (onStep: OnStep) => Promise<Result>,
  subjects: readonly string[] = [],
): Promise<Result> {
  const { onStep, close } = makeProgress(context, flags, subjects)
  try {
    return await work(onStep)
  } finally {
    close()
  }
}

/** Like {@link withProgress}, for callers that call `close` themselves, also after a failure. */
export function makeProgress(context: Context, flags: ProgressFlags, subjects: readonly string[] = []): Progress {
  const { stdout, stderr, env } = context.io
  if (flags.json === true) return { onStep: (event) => writeLine(stdout, 'step', event), close: () => undefined }
  // A dumb terminal can't move its cursor.
  if (stderr.isTTY !== true || env['TERM'] === 'dumb') return plainProgress(context)
  return liveProgress(context, subjects.length > 1 ? hostBoard(context, subjects) : stepBoard(context))
}

function liveProgress({ io: { stderr, env } }: Context, board: Board): Progress {
  const { running, more } = marksOf(env)
  const live = goLive(stderr)
  let before = ''
  let tick = 0
  const draw = (above = ''): void => {
    const width = Math.min((stderr.columns || WIDEST) - 1, WIDEST)
    const turning = running[tick % running.length] ?? ''
    const lines = fitting(board.lines(), stderr.rows, more).map(({ mark = turning, words, time }) =>
      cutLine(mark, words, time, width, more),
    )
    const text = lines.join('\n')
    if (text !== before || above !== '') live.draw(lines, above)
    before = text
  }
  const turn = (): void => {
    tick++
    draw()
  }
  const timer = setInterval(turn, TICK_MS).unref()
  return {
    onStep: (event) => draw(board.take(event)),
    close: () => {
      clearInterval(timer)
      live.draw([], board.rest())
      live.end()
    },
  }
}

type Shown = ReturnType<Board['lines']>

/** Limits the lines to the height of the terminal: a line that has left the screen can't be rewritten. */
function fitting(lines: Shown, rows: number | undefined, more: string): Shown {
  const height = Math.max(2, (rows || 24) - 1)
  if (lines.length <= height) return lines
  const left = lines.length - (height - 1)
  return [...lines.slice(0, height - 1), { mark: more, words: `and ${left} more`, time: '' }]
}
