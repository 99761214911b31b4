import { showBoard, type BoardLine } from '../../../base/terminal/board.ts'
import { painter } from '../../../base/terminal/colours.ts'
import { cutLine, duration, elapsed, endMark, marksOf, type Ended } from '../../../base/terminal/marks.ts'
import type { Output, Variables } from '../../../base/terminal/output.ts'
import { amountText, type Amount } from './amount.ts'
import { hasEnded, type Item, type View } from './item.ts'

const END: Readonly<Record<'done' | 'cached' | 'failed', Ended>> = { done: 'done', cached: 'skipped', failed: 'failed' }
const INDENT = '   '
/** How many lines of output a step shows if it is the only one. */
const SHOWN_LINES = 5

/** Lines of the items that are in progress; those that have ended are written above them. */
export function liveView(output: Output, env: Variables): View {
  const marks = marksOf(env)
  const paint = painter(output, env)
  const active = new Set<Item>()
  const ended = new WeakSet<Item>()
  const width = (): number => (output.columns || 80) - 1
  const finalLine = (state: Ended, words: string, time: string): string => {
    const mark = endMark(state, marks, paint)
    // The reason of a failure stays whole.
    if (state === 'failed') return `${mark} ${words}${time === '' ? '' : `  ${time}`}\n`
    return `${cutLine(mark, words, time, width(), marks.more)}\n`
  }
  const end = (item: Item): string => {
    active.delete(item)
    ended.add(item)
    const { state } = item
    const tail = state === 'failed' ? item.output.map((line) => `${INDENT}${line}\n`).join('') : ''
    return finalLine(END[state as keyof typeof END], endWords(item), endTime(item)) + tail
  }
  const board = showBoard(output, env, (height) => boardLines([...active], height, env))
  return {
    change: (item) => {
      if (hasEnded(item)) {
        if (!ended.has(item)) board.draw(end(item))
        return
      }
      ended.delete(item)
      active.add(item)
    },
    line: (line, item) => {
      if (item === undefined) board.draw(`${line}\n`)
    },
    close: (failed) => board.close(unfinished([...active], failed, finalLine)),
  }
}

/** Lines for items that the daemon hasn't finished. After a success, it has only not said so. */
function unfinished(
  items: readonly Item[],
  failed: boolean,
  finalLine: (state: Ended, words: string, time: string) => string,
): string {
  const running = items.filter(({ state }) => state === 'running')
  return running
    .map((item) =>
      finalLine(failed ? 'failed' : 'done', failed ? `${item.name}: not finished` : item.name, elapsed(item.since)),
    )
    .join('')
}

/** Those that run come first, since the others may not fit. */
function boardLines(items: readonly Item[], height: number, env: Variables): readonly BoardLine[] {
  const running = items.filter(({ state }) => state === 'running')
  const waiting = items.filter(({ state }) => state === 'waiting')
  const kept = running.length === 1 ? SHOWN_LINES : 1
  const withOutput = running.length * (1 + kept) + waiting.length <= height
  const lines = running.flatMap((item): BoardLine[] => [
    { words: runningWords(item, env), time: elapsed(item.since) },
    ...(withOutput ? item.output.slice(-kept) : []).map((line) => ({ mark: ' ', words: ` ${line}`, time: '' })),
  ])
  return [...lines, ...waiting.map(({ name, words }) => ({ mark: ' ', words: `${name}: ${words}`, time: '' }))]
}

function runningWords({ name, words, amount }: Item, env: Variables): string {
  const action = words === '' ? name : `${name}: ${words}`
  if (amount === undefined) return action
  return [action, bar(amount, env), amountText(amount)].filter((part) => part !== '').join(' ')
}

/** In characters. */
const BAR = 20

function bar({ current, total }: Amount, env: Variables): string {
  if (total === undefined) return ''
  const [full, empty] = marksOf(env).more === '…' ? ['━', '─'] : ['#', '-']
  const done = Math.floor((BAR * current) / total)
  return `${full.repeat(done)}${empty.repeat(BAR - done)}`
}

function endWords({ name, number, state, words }: Item): string {
  if (state === 'cached') return name
  if (number !== undefined && state === 'done') return name
  return words === '' ? name : `${name}: ${words}`
}

function endTime({ number, state, took }: Item): string {
  if (state === 'cached') return state
  return number === undefined ? elapsed(0, took) : duration(took)
}
