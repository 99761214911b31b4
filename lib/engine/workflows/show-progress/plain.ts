import { duration } from '../../../base/terminal/marks.ts'
import type { Output } from '../../../base/terminal/output.ts'
import { amountText, size } from './amount.ts'
import { hasEnded, type Item, type View } from './item.ts'

/** At most this often a line says how far an item is. */
const REPORT_MS = 5000
/** Too short to be said. */
const QUIET: ReadonlySet<string> = new Set(['verifying'])
/** A layer has at most 7 states; a daemon may invent others. */
const MOST_STATES = 20

/** What was said of an item. */
interface Said {
  words: string
  /** When the last line about it was written. */
  at: number
  states: number
}

/** A line for each change, for logs. */
export function plainView(output: Output): View {
  const items = new WeakMap<Item, Said>()
  const saidOf = (item: Item): Said => {
    const said = items.get(item) ?? { words: '', at: performance.now(), states: 0 }
    items.set(item, said)
    return said
  }
  const write = (line: string, said?: Said): void => {
    if (said) said.at = performance.now()
    output.write(`${line.trimEnd()}\n`)
  }
  const change = (item: Item): void => {
    if (item.state === 'waiting' || QUIET.has(item.words)) return
    const isNew = !items.has(item)
    const said = saidOf(item)
    if (isNew && item.number !== undefined) write(`${labelOf(item)} ${item.name}`, said)
    const words = wordsOf(item)
    // Words such as "retrying in 5 seconds" count down.
    const key = words.replaceAll(/\d+/g, '')
    if (key !== said.words) {
      said.words = key
      const ended = hasEnded(item)
      if (words !== '' && (ended || said.states++ < MOST_STATES)) write(`${labelOf(item)} ${words}`, said)
    } else if (isLate(item, said)) write(`${labelOf(item)} ${item.words}, ${amountText(item.amount)}`, said)
  }
  const line = (text: string, item?: Item): void => {
    if (item === undefined) write(text)
    else write(`${labelOf(item)} ${text}`, saidOf(item))
  }
  return { change, line, close: () => undefined }
}

function isLate(item: Item, { at }: Said): item is Item & { readonly amount: NonNullable<Item['amount']> } {
  return item.state === 'running' && item.amount !== undefined && performance.now() - at >= REPORT_MS
}

/** `#3` for a step, and `2ec79808f23a:` for a layer. */
function labelOf({ number, name }: Item): string {
  return number === undefined ? `${name}:` : `#${number}`
}

/** What the line of a change says. */
function wordsOf({ number, state, words, amount, took }: Item): string {
  if (number === undefined) {
    return amount?.total === undefined || amount.units !== undefined ? words : `${words} ${size(amount.total)}`
  }
  if (state === 'running') return ''
  if (state === 'failed') return `failed after ${duration(took)}${words === '' ? '' : `: ${words}`}`
  return state === 'done' ? `done, ${duration(took)}` : state
}
