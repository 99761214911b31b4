import type { Amount } from './amount.ts'

/** The state of a layer or step. */
export type ItemState = 'waiting' | 'running' | 'done' | 'cached' | 'failed'

/** A layer of an image, or a step of a build. Its texts are printable. */
export interface Item {
  /** `2ec79808f23a`, `[2/4] RUN npm ci`. */
  readonly name: string
  /** Of a step, counted from 1. */
  readonly number: number | undefined
  state: ItemState
  /** The action that runs, or why it failed. */
  words: string
  amount: Amount | undefined
  /** When it started. */
  since: number
  /** Its duration in milliseconds, once it has ended. */
  took: number
  /** Its last lines of output. */
  readonly output: string[]
}

/** Shows items. */
export interface View {
  /** A new item, or a change. */
  readonly change: (item: Item) => void
  /** A line of output, of an item or of the call itself. */
  readonly line: (line: string, item?: Item) => void
  /** The call has ended. */
  readonly close: (failed: boolean) => void
}

export const hasEnded = ({ state }: Item): boolean => state !== 'waiting' && state !== 'running'

/** The maximum number of items: ten times the layers that an image can have. A registry may invent any number. */
const MOST_ITEMS = 1000
/** How many lines of output an item keeps. */
const KEPT_LINES = 10

/** The items of a call. */
export class Items {
  readonly view: View
  readonly #known = new Map<string, Item>()
  #steps = 0
  #isFull = false

  constructor(view: View) {
    this.view = view
  }

  get(key: string): Item | undefined {
    return this.#known.get(key)
  }

  /** The item of this key, which is created if it isn't known; undefined if there are too many. */
  find(key: string, name: string, kind: 'layer' | 'step'): Item | undefined {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    if (this.#known.size >= MOST_ITEMS) {
      if (!this.#isFull) this.view.line(`... and more than ${MOST_ITEMS} others`)
      this.#isFull = true
      return undefined
    }
    const number = kind === 'step' ? ++this.#steps : undefined
    const item: Item = {
      name,
      number,
      state: 'waiting',
      words: '',
      amount: undefined,
      since: performance.now(),
      took: 0,
      output: [],
    }
    this.#known.set(key, item)
    return item
  }

  /** Changes an item and shows it. */
  change(item: Item, change: Partial<Omit<Item, 'name' | 'number' | 'output'>>): void {
    if (item.state === 'waiting' && change.state !== 'waiting') item.since = performance.now()
    Object.assign(item, change)
    if (hasEnded(item) && change.took === undefined) item.took = performance.now() - item.since
    this.view.change(item)
  }

  /** Shows a line of output. */
  output(line: string, item: Item | undefined): void {
    item?.output.push(line)
    if (item && item.output.length > KEPT_LINES) item.output.shift()
    this.view.line(line, item)
  }
}
