import type { OnStep, StepEvent } from '../../base/progress.ts'
import { painter } from '../../base/terminal/colours.ts'
import { duration, endMark, marksOf } from '../../base/terminal/marks.ts'
import type { Context } from '../command.ts'
import { hasEnded, stepKey, stepText } from './step-text.ts'

/** Shows steps while they happen. */
export interface Progress {
  readonly onStep: OnStep
  /** Stops showing. It may be called several times. */
  readonly close: () => void
}

/** After this time, the reader of a log wonders what is happening. */
const PATIENCE_MS = 5000

interface Open {
  readonly since: number
  readonly note: string | undefined
  readonly timer: NodeJS.Timeout
}

/** Without rewriting: a line for each step that has ended, and one for each long wait. */
export function plainProgress({ io: { stderr, env } }: Context): Progress {
  const marks = marksOf(env)
  const paint = painter(stderr, env)
  const open = new Map<string, Open>()
  const stillRuns = (event: StepEvent, since: number): void => {
    const time = duration(performance.now() - since)
    stderr.write(`${marks.more} ${stepText(event)}  for ${time} so far\n`)
  }
  const onStep = (event: StepEvent): void => {
    const key = stepKey(event)
    const before = open.get(key)
    if (!hasEnded(event.state)) {
      if (before !== undefined && before.note === event.note) return
      clearTimeout(before?.timer)
      const since = before?.since ?? performance.now()
      const timer = setTimeout(() => stillRuns(event, since), PATIENCE_MS).unref()
      open.set(key, { since, note: event.note, timer })
      return
    }
    clearTimeout(before?.timer)
    open.delete(key)
    const time = event.milliseconds === undefined ? '' : `  ${duration(event.milliseconds)}`
    stderr.write(`${endMark(event.state, marks, paint)} ${stepText(event)}${time}\n`)
  }
  const close = (): void => {
    for (const { timer } of open.values()) clearTimeout(timer)
    open.clear()
  }
  return { onStep, close }
}
