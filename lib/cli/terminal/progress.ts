import type { OnStep } from '../../base/progress.ts'
import { showBoard } from '../../base/terminal/board.ts'
import type { Context } from '../command.ts'
import { writeLine } from './json-lines.ts'
import { plainProgress, type Progress } from './plain-progress.ts'
import { hostBoard, stepBoard, type Board } from './step-board.ts'

/** The flags that decide how progress is shown. */
export interface ProgressFlags {
  readonly json?: boolean
}

/** Longer lines are hard to read. */
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
  const { draw, close } = showBoard(stderr, env, board.lines, WIDEST)
  return { onStep: (event) => draw(board.take(event)), close: () => close(board.rest()) }
}
