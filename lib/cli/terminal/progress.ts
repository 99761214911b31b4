import type { OnStep } from '../../base/progress.ts'
import type { Context } from '../command.ts'
import { writeLine } from './json-lines.ts'
import { goLive } from './live.ts'
import { plainProgress, type Progress } from './plain-progress.ts'
import { hostBoard, stepBoard, type Board } from './step-board.ts'
import { cutLine, marksOf } from './step-text.ts'

/** What decides how it is shown. */
export interface ProgressFlags {
  readonly json?: boolean
}

/** How often a line is looked at, for its mark and its time. */
const TICK_MS = 100
const WIDEST = 80

/**
 * Does some work whose steps are shown: rewritten in place on a terminal, a line each in a pipe, and with --json as lines
 * of JSON on stdout.
 *
 * @param subjects - where it is about several hosts, their names: each gets one line of its own
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

/** As {@link withProgress}, for those who call `close` themselves, also after a failure. */
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

/** No more than the terminal is high: what has left the screen at its top can't be rewritten. */
function fitting(lines: Shown, rows: number | undefined, more: string): Shown {
  const height = Math.max(2, (rows || 24) - 1)
  if (lines.length <= height) return lines
  const left = lines.length - (height - 1)
  return [...lines.slice(0, height - 1), { mark: more, words: `and ${left} more`, time: '' }]
}
