import type { WriteStream } from 'node:tty'

const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const
/** Where the times stand. */
const COLUMN = 72

/** What the demo shows: a line a step, with a mark and the time that it took; colours only where somebody sees them. */
export class Progress {
  readonly #out: Pick<WriteStream, 'write'>
  /** A terminal shows a step while it runs; a file gets it when it is done. */
  readonly #live: boolean
  readonly #colours: boolean

  constructor(out: WriteStream = process.stdout, env: NodeJS.ProcessEnv = process.env) {
    this.#out = out
    this.#live = out.isTTY && env['TERM'] !== 'dumb'
    // https://no-color.org: set, and not empty.
    this.#colours = this.#live && !env['NO_COLOR']
  }

  /** A line that stands out. */
  title(text: string): void {
    this.#out.write(`\n${this.#style('bold', text)}\n\n`)
  }

  /** What belongs to the step above: files, lines of a configuration, answers. */
  note(text: string): void {
    for (const line of text.trimEnd().split('\n')) this.#out.write(`  ${this.#style('dim', line)}\n`)
  }

  /** The last word. */
  end(text: string): void {
    this.#out.write(`\n${text}\n`)
  }

  /** What must not be overlooked. */
  warn(text: string): void {
    for (const line of text.split('\n')) this.#out.write(`${this.#style('yellow', `! ${line}`)}\n`)
  }

  /**
   * Shows a step while it runs, then its mark and time; a failure is shown and thrown on.
   *
   * @param what - names the step
   * @param work - does it
   * @param result - what is known when it is done, in place of `what`
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

/** Short, and right-aligned: `   12 ms`, `  1.4 s`. */
export function formatTime(ms: number): string {
  return (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`).padStart(7)
}
