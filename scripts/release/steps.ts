import { Refusal } from './refusal.ts'

/** Steps that a quick look may leave out. No other step needs their results. */
export const SKIPPABLE = ['audit', 'check', 'tests'] as const
export type Skippable = (typeof SKIPPABLE)[number]

/** Reads `--skip=check,tests`. */
export function parseSkipped(lists: readonly string[]): ReadonlySet<Skippable> {
  const names = lists.flatMap((list) => list.split(','))
  const unknown = names.find((name) => !SKIPPABLE.some((known) => known === name))
  if (unknown !== undefined) {
    throw new Refusal(`The step ${JSON.stringify(unknown)} can't be skipped.`, `You can skip ${SKIPPABLE.join(', ')}.`)
  }
  return new Set(SKIPPABLE.filter((name) => names.includes(name)))
}

/** Runs steps one after another, and prints what each found and its time. */
export class Steps {
  readonly #print: (line: string) => void
  readonly #skipped: ReadonlySet<string>

  constructor(print: (line: string) => void, skipped: ReadonlySet<Skippable>) {
    this.#print = print
    this.#skipped = skipped
  }

  /** Runs a step whose result others need. */
  async run<T>(name: string, work: () => T | Promise<T>, describe: (result: T) => string): Promise<T> {
    const started = performance.now()
    try {
      const result = await work()
      this.#line(name, started, describe(result))
      return result
    } catch (error) {
      this.#line(name, started, 'FAILED')
      throw error
    }
  }

  /** Runs a step, unless it is skipped. */
  async runUnlessSkipped(name: Skippable, work: () => Promise<string>): Promise<void> {
    if (this.#skipped.has(name)) this.#print(`${name.padEnd(14)}       -  SKIPPED`)
    else await this.run(name, work, (said) => said)
  }

  #line(name: string, started: number, said: string): void {
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    this.#print(`${name.padEnd(14)}${seconds.padStart(6)} s  ${said}`)
  }
}
