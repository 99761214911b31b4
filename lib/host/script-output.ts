import { ByteList } from '../base/byte-list.ts'
import type { RunLimits } from './run-limits.ts'

const LINE_FEED = 0x0a
/** How many characters of a greeting are kept: enough for the message of a login that runs no commands. */
const LONGEST_GREETING = 1024

/** How the output of a script is read. */
export interface OutputOptions {
  readonly limits: Pick<RunLimits, 'bytes' | 'lines'>
  /** Called with each complete line as it arrives. */
  readonly onLine?: ((line: string) => void) | undefined
  /** The beginning of the line after which the output of the script begins. Absent: all output is the script's. */
  readonly marker?: string | undefined
}

/** Collects the output of a script as lines. It takes hardly more memory than the limits allow, whatever arrives. */
export class ScriptOutput {
  /** The rest of the line with the marker. Undefined until it has arrived. */
  markedWords: string | undefined
  readonly #options: OutputOptions
  readonly #lines: string[] = []
  /** The line that hasn't ended. */
  readonly #rest = new ByteList()
  #greeting = ''
  #byteCount = 0
  #lineCount = 0

  constructor(options: OutputOptions) {
    this.#options = options
  }

  /**
   * Adds a chunk.
   *
   * @returns the exceeded limit, without a full stop; undefined: none
   */
  add(chunk: Buffer): string | undefined {
    const { bytes, lines } = this.#options.limits
    this.#byteCount += chunk.length
    if (this.#byteCount > bytes) return `it printed more than ${bytes} bytes`
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      this.#rest.push(chunk.subarray(start, end))
      start = end + 1
      if (++this.#lineCount > lines) return `it printed more than ${lines} lines`
      this.#endLine(this.#takeRest())
    }
    if (start < chunk.length) this.#rest.push(chunk.subarray(start))
    return undefined
  }

  /** Ends the output. Returns that of the script, without its last line feed. */
  end(): string {
    const rest = this.#takeRest()
    if (this.#isBeforeScript) this.#greet(rest)
    else if (rest !== '') this.#lines.push(rest)
    return this.#lines.join('\n')
  }

  /** The end of the output before the marker. */
  get greeting(): string {
    return this.#greeting
  }

  get #isBeforeScript(): boolean {
    return this.#options.marker !== undefined && this.markedWords === undefined
  }

  #takeRest(): string {
    return this.#rest.take().toString('utf8')
  }

  #endLine(line: string): void {
    if (this.#isBeforeScript) {
      this.#findMarker(line)
      return
    }
    this.#lines.push(line)
    this.#options.onLine?.(line)
  }

  /** A greeting may not end with a line feed, so the marker may be inside a line. */
  #findMarker(line: string): void {
    const { marker = '' } = this.#options
    const at = line.lastIndexOf(`${marker} `)
    if (at === -1) this.#greet(`${line}\n`)
    else this.markedWords = line.slice(at + marker.length + 1)
  }

  #greet(text: string): void {
    this.#greeting = (this.#greeting + text).slice(-LONGEST_GREETING)
  }
}
