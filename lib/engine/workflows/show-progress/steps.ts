import type { BuildEvent, BuildLogEvent, BuildStatusEvent, BuildStepEvent } from '../build/events.ts'
import { amountOf, sumOf, type Amount } from './amount.ts'
import { ClassicSteps } from './classic-steps.ts'
import type { Item, Items } from './item.ts'
import { LayerReader } from './layers.ts'
import { LineReader, nameOf } from './texts.ts'

/** BuildKit compares a step with its cache, reports that this has ended, and then starts the step. So a quick end has to wait. */
const QUICK_MS = 10
const WAIT_MS = 50
/** How many parts of a step are added up. */
const MOST_PARTS = 200

/** A step, and the parts of it that report bytes. */
interface Step {
  readonly item: Item
  readonly lines: LineReader
  readonly parts: Map<string, Amount>
  /** The end that isn't shown yet. */
  end?: { readonly timer: NodeJS.Timeout; readonly took: number }
}

/** Shows the events of a build. */
export class StepReader {
  readonly #items: Items
  readonly #classic: ClassicSteps
  readonly #layers: LayerReader
  readonly #steps = new Map<string, Step>()

  constructor(items: Items) {
    this.#items = items
    this.#classic = new ClassicSteps(items)
    this.#layers = new LayerReader(items)
  }

  read(event: BuildEvent): void {
    if (event.type === 'step') this.#step(event)
    else if (event.type === 'status') this.#status(event)
    else if (event.type === 'log') this.#log(event)
    else
      this.#items.output(`warning: ${nameOf(event.text)}${event.url === '' ? '' : ` ${nameOf(event.url)}`}`, undefined)
  }

  end(failed: boolean): void {
    for (const step of this.#steps.values()) {
      this.#settle(step)
      this.#say(step, step.lines.rest())
    }
    this.#classic.end(failed)
  }

  #step({ id, name, inputs, started, completed, cached, error }: BuildStepEvent): void {
    if (started === undefined) return
    const step = this.#find(id, name)
    if (step === undefined) return
    for (const input of inputs) this.#settle(this.#steps.get(input))
    clearTimeout(step.end?.timer)
    delete step.end
    if (completed === undefined) return this.#items.change(step.item, { state: 'running' })
    const took = Math.max(0, completed.getTime() - started.getTime())
    this.#say(step, step.lines.rest())
    if (error !== undefined) this.#items.change(step.item, { state: 'failed', words: nameOf(error), took })
    else if (cached) this.#items.change(step.item, { state: 'cached', took })
    else this.#done(step, took)
  }

  #done(step: Step, took: number): void {
    if (step.item.state === 'waiting') this.#items.change(step.item, { state: 'running' })
    step.end = { took, timer: setTimeout(() => this.#settle(step), WAIT_MS).unref() }
    if (took > QUICK_MS) this.#settle(step)
  }

  /** Shows the end of a step. */
  #settle(step: Step | undefined): void {
    if (step?.end === undefined) return
    const { took, timer } = step.end
    clearTimeout(timer)
    delete step.end
    this.#items.change(step.item, { state: 'done', took })
  }

  #find(id: string, name: string): Step | undefined {
    const known = this.#steps.get(id)
    if (known !== undefined) return known
    const item = this.#items.find(`step ${id}`, nameOf(name), 'step')
    if (item === undefined) return undefined
    const step: Step = { item, lines: new LineReader(), parts: new Map() }
    this.#steps.set(id, step)
    return step
  }

  #status({ step: of, id, name, current, total, completed }: BuildStatusEvent): void {
    // The classic builder reports the layers of a base image like this.
    if (of === undefined) {
      const progressDetail = { ...(current !== undefined && { current }), ...(total !== undefined && { total }) }
      return this.#layers.read({ id, status: name, progressDetail })
    }
    const step = this.#steps.get(of)
    const amount = amountOf(current, total)
    if (step === undefined || step.item.state !== 'running') return
    if (amount && (step.parts.has(id) || step.parts.size < MOST_PARTS)) step.parts.set(id, amount)
    const words = completed === undefined ? nameOf(name) : step.item.words
    this.#items.change(step.item, { words, amount: step.parts.size === 0 ? undefined : sumOf(step.parts.values()) })
  }

  #log({ step: of, text }: BuildLogEvent): void {
    if (of === undefined) return this.#classic.read(text)
    const step = this.#steps.get(of)
    if (step !== undefined) this.#say(step, step.lines.read(text))
  }

  #say({ item }: Step, lines: readonly string[]): void {
    for (const line of lines) this.#items.output(line, item)
  }
}
