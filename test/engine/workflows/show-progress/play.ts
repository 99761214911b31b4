import { readFileSync } from 'node:fs'
import { Writable } from 'node:stream'
import type { TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import {
  showProgress,
  type BuildEvent,
  type Progress as PublicProgress,
  type ProgressMessage,
} from '../../../../lib/index.ts'
import { Progress } from '../../../../lib/engine/stream/progress.ts'

export type Recorded = readonly [milliseconds: number, event: BuildEvent | ProgressMessage]

const DATE = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/

function revive(_key: string, value: unknown): unknown {
  return typeof value === 'string' && DATE.test(value) ? new Date(value) : value
}

/** The events of a real daemon, each with its time. */
export function recording(name: string): Recorded[] {
  const text = readFileSync(new URL(`recordings/${name}.jsonl`, import.meta.url), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line, revive) as Recorded)
}

/** Time that passes when a test says so. */
export function clock(t: TestContext): (milliseconds: number) => void {
  let now = Math.ceil(performance.now())
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] })
  t.mock.method(performance, 'now', () => now)
  return (milliseconds) => {
    now += milliseconds
    t.mock.timers.tick(milliseconds)
  }
}

/** An output that keeps what is written. */
export class Terminal extends Writable {
  isTTY = true
  columns = 60
  rows = 24
  text = ''

  constructor(facts: { isTTY?: boolean; columns?: number; rows?: number } = {}) {
    super({ decodeStrings: false })
    Object.assign(this, facts)
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.text += chunk
    done()
  }
}

export interface Played {
  readonly output?: Writable
  readonly mode?: 'auto' | 'plain' | 'live'
  readonly env?: Readonly<Record<string, string>>
  /** Called before each event, with its index. */
  readonly before?: (index: number) => unknown
  readonly failure?: Error
}

export const UTF8 = { LANG: 'C.UTF-8', NO_COLOR: '1' }

/** A call that reports these events, in their time. */
export function callOf(
  events: readonly Recorded[],
  pass: (milliseconds: number) => void,
  { before, failure }: Played = {},
): PublicProgress<BuildEvent, string> {
  return new Progress<BuildEvent, string>(async function* run() {
    let at = 0
    for (const [index, [milliseconds, event]] of events.entries()) {
      await turn()
      pass(milliseconds - at)
      at = milliseconds
      before?.(index)
      yield event as BuildEvent
    }
    await turn()
    if (failure !== undefined) throw failure
    return 'result'
  })
}

/** Shows these events, and returns the result. */
export function play(t: TestContext, events: readonly Recorded[], played: Played = {}): Promise<string> {
  const { output = new Terminal(), mode = 'auto', env = UTF8 } = played
  return showProgress(callOf(events, clock(t), played), { output, mode }, env)
}
