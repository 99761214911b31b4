import type { WriteStream } from 'node:tty'

const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const
/** The column of the times. */
const COLUMN = 72

/** Prints the demo's progress: one line for each step, with a mark and its duration. Colours only on a terminal. */
export class Progress {
  readonly #out: Pick<WriteStream, 'write'>
  /** On a terminal, a step is shown while it runs; in a file, only when it is done. */
  readonly #live: boolean
  readonly #colours: boolean

  constructor(out: WriteStream = process.stdout, env: NodeJS.ProcessEnv = process.env) {
    this.#out = out
    this.#live = out.isTTY && env['TERM'] !== 'dumb'
    // https://no-color.org: any non-empty value.
    this.#colours = this.#live && !env['NO_COLOR']
  }

  /** Prints a highlighted line. */
  title(text: string): void {
    this.#out.write(`\n${this.#style('bold', text)}\n\n`)
  }

  /** Prints details of the step above: files, lines of a configuration, answers. */
  note(text: string): void {
    for (const line of text.trimEnd().split('\n')) this.#out.write(`  ${this.#style('dim', line)}\n`)
  }

  /** Prints a closing line. */
  end(text: string): void {
    this.#out.write(`\n${text}\n`)
  }

  /** Prints a warning. */
  warn(text: string): void {
    for (const line of text.split('\n')) this.#out.write(`${this.#style('yellow', `! ${line}`)}\n`)
  }

  /**
   * Shows a step while it runs, then its mark and duration. Shows failures too, and rethrows them.
   *
   * @param what - the name of the step
   * @param work - the step itself
   * @param result - the text to show when it is done, instead of `what`
   */
  async step<T>(what: string, work: () => Promise<T>, result: (value: T) => string = () => what): Promise<T> {
    const start = performance.now()
    if (this.#live) this.#out.write(`  ${what} ...`)
    try {
      const value = await work()
      this.#line('green', '✔', result(value), start)
      return value
    } catch (error) {
      this.#line('red', '✖', what, start)
      throw error
    }
  }

  #line(colour: 'green' | 'red', mark: string, text: string, start: number): void {
    const time = formatTime(performance.now() - start)
    const clear = this.#live ? '\r\u001B[K' : ''
    this.#out.write(`${clear}${this.#style(colour, mark)} ${text.padEnd(COLUMN)} ${this.#style('dim', time)}\n`)
  }

  #style(style: keyof typeof STYLES, text: string): string {
    return this.#colours ? `\u001B[${STYLES[style]}m${text}\u001B[0m` : text
  }
}

/** Formats a duration, right-aligned: `   12 ms`, `  1.4 s`. */
export function formatTime(ms: number): string {
  return (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`).padStart(7)
}
