import type { StepEvent } from '../../base/progress.ts'
import type { BoardLine } from '../../base/terminal/board.ts'
import { painter } from '../../base/terminal/colours.ts'
import { duration, elapsed, endMark, foldLine, marksOf } from '../../base/terminal/marks.ts'
import { textWidth } from '../../base/terminal/text-width.ts'
import type { Context } from '../command.ts'
import { widthOf } from './layout.ts'
import { hasEnded, stepKey, stepText } from './step-text.ts'
import { printable } from '../../base/text.ts'

/** The steps on a terminal: some lines while they run, and text that stays. */
export interface Board {
  /** Receives an event, and returns text that stays. */
  readonly take: (event: StepEvent) => string
  readonly lines: () => BoardLine[]
  /** The text that stays at the end. */
  readonly rest: () => string
}

interface Running {
  readonly event: StepEvent
  readonly since: number
}

const UNFINISHED = 'not finished'

/** A line for each step; finished steps stay above those that run. */
export function stepBoard({ io: { stderr, env } }: Context): Board {
  const marks = marksOf(env)
  const paint = painter(stderr, env)
  const running = new Map<string, Running>()
  return {
    take: (event) => {
      const key = stepKey(event)
      if (!hasEnded(event.state)) {
        running.set(key, { event, since: running.get(key)?.since ?? performance.now() })
        return ''
      }
      running.delete(key)
      const time = event.milliseconds === undefined ? '' : duration(event.milliseconds)
      return foldLine(endMark(event.state, marks, paint), stepText(event), time, widthOf(stderr))
    },
    lines: () => [...running.values()].map(({ event, since }) => ({ words: stepText(event), time: elapsed(since) })),
    rest: () => {
      const mark = endMark('failed', marks, paint)
      const left = [...running.values()].map(({ event, since }) =>
        foldLine(mark, stepText({ ...event, state: 'failed', note: UNFINISHED }), elapsed(since), widthOf(stderr)),
      )
      running.clear()
      return left.join('')
    },
  }
}

interface Host {
  readonly since: number
  /** When its last step ended, if none runs. */
  readonly until: number | undefined
  readonly now: StepEvent
  /** The first step that failed. Later steps may roll back, but the host still counts as failed. */
  readonly failed: StepEvent | undefined
  /** Was any step done, or were all of them skipped? */
  readonly did: boolean
}

function afterEvent(event: StepEvent, before: Host | undefined): Host {
  return {
    since: before?.since ?? performance.now(),
    until: hasEnded(event.state) ? performance.now() : undefined,
    now: event,
    failed: before?.failed ?? (event.state === 'failed' ? event : undefined),
    did: before?.did === true || event.state === 'done',
  }
}

/** A line for each host, with its current step. */
export function hostBoard({ io: { stderr, env } }: Context, names: readonly string[]): Board {
  const marks = marksOf(env)
  const paint = painter(stderr, env)
  const hosts = new Map<string, Host>()
  const column = Math.max(...names.map((name) => textWidth(printable(name))))
  const words = (name: string, event: StepEvent): string => {
    const shown = printable(name)
    const { subject: _name, ...step } = event
    return `${shown}${' '.repeat(Math.max(0, column - textWidth(shown)) + 2)}${stepText(step)}`
  }
  const markOf = ({ failed, did }: Host): string =>
    endMark(failed !== undefined ? 'failed' : did ? 'done' : 'skipped', marks, paint)
  const finalLine = ([name, host]: readonly [string, Host]): string => {
    const { since, until, now, failed } = host
    const time = duration((until ?? performance.now()) - since)
    const width = widthOf(stderr)
    if (until !== undefined) return foldLine(markOf(host), words(name, failed ?? now), time, width)
    return foldLine(
      endMark('failed', marks, paint),
      words(name, failed ?? { ...now, state: 'failed', note: UNFINISHED }),
      time,
      width,
    )
  }
  return {
    take: (event) => {
      const name = event.subject ?? ''
      hosts.set(name, afterEvent(event, hosts.get(name)))
      return ''
    },
    lines: () =>
      [...hosts].map(([name, host]) => ({
        ...(host.until !== undefined && { mark: markOf(host) }),
        words: words(name, host.now),
        time: elapsed(host.since, host.until),
      })),
    rest: () => {
      const lines = [...hosts].map(finalLine)
      hosts.clear()
      return lines.join('')
    },
  }
}
