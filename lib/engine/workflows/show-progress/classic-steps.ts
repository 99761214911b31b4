import type { Item, Items } from './item.ts'
import { LineReader, nameOf } from './texts.ts'

/** The builder's own output. It prints the line of a step without its end (moby, builder/dockerfile). */
const STEP = /^Step (\d+\/\d+) : (.*)$/s
const CACHED = ' ---> Using cache\n'
const DONE = /^ ---> [0-9a-f]{12}\n$/
const CONTAINER = /^ ---> (?:Running in|Removed intermediate container) [0-9a-f]+\n$/

/** Shows the steps of the classic builder, which reports them only as text. */
export class ClassicSteps {
  readonly #items: Items
  #lines = new LineReader()
  #step: Item | undefined
  /** Is the end of a step's line still to come? */
  #isTitle = false

  constructor(items: Items) {
    this.#items = items
  }

  read(text: string): void {
    const [, number, instruction] = STEP.exec(text) ?? []
    if (number !== undefined) return this.#start(`[${number}] ${instruction}`)
    const isTitle = this.#isTitle
    this.#isTitle = false
    if ((isTitle && text === '\n') || CONTAINER.test(text)) return
    if (text === CACHED) this.#end('cached')
    else if (DONE.test(text)) this.#end('done')
    else this.#say(this.#lines.read(text))
  }

  end(failed: boolean): void {
    if (this.#step) this.#end(failed ? 'failed' : 'done')
    else this.#say(this.#lines.rest())
  }

  #start(title: string): void {
    this.#end('done')
    this.#isTitle = true
    this.#step = this.#items.find(title, nameOf(title), 'step')
    if (this.#step) this.#items.change(this.#step, { state: 'running' })
  }

  #end(state: 'done' | 'cached' | 'failed'): void {
    this.#say(this.#lines.rest())
    if (this.#step) this.#items.change(this.#step, { state })
    this.#step = undefined
  }

  #say(lines: readonly string[]): void {
    for (const line of lines) this.#items.output(line, this.#step)
  }
}
