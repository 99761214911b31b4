import type { RunLimits } from './run-limits.ts'

const LINE_FEED = 0x0a
/** How many bytes are allocated at once, at least. */
const FIRST_BYTES = 65_536
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

/**
 * Collects the output of a script. The bytes are in one buffer, so that neither endless lines nor tiny chunks need more memory
 * than the limit.
 */
export class ScriptOutput {
  /** The rest of the line with the marker. Undefined until it has arrived. */
  markedWords: string | undefined
  readonly #options: OutputOptions
  #bytes = Buffer.alloc(0)
  #length = 0
  #lines = 0
  /** Where the output of the script begins. */
  #start = 0
  #lineStart = 0

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
    if (this.#length + chunk.length > bytes) return `it printed more than ${bytes} bytes`
    let at = chunk.indexOf(LINE_FEED)
    const from = this.#append(chunk)
    for (; at !== -1; at = chunk.indexOf(LINE_FEED, at + 1)) {
      if (++this.#lines > lines) return `it printed more than ${lines} lines`
      this.#endLine(from + at)
    }
    return undefined
  }

  /** The output of the script, without its last line feed. */
  text(): string {
    const endsLine = this.#length > this.#start && this.#bytes[this.#length - 1] === LINE_FEED
    return this.#bytes.toString('utf8', this.#start, this.#length - (endsLine ? 1 : 0))
  }

  /** The end of the output before the marker, if the marker hasn't arrived. */
  greeting(): string {
    return this.#bytes.toString('utf8', Math.max(0, this.#length - LONGEST_GREETING), this.#length)
  }

  #append(chunk: Buffer): number {
    const { bytes } = this.#options.limits
    const from = this.#length
    this.#length += chunk.length
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, Math.min(2 * this.#length + FIRST_BYTES, bytes)))
      this.#bytes.copy(larger, 0, 0, from)
      this.#bytes = larger
    }
    chunk.copy(this.#bytes, from)
    return from
  }

  #endLine(end: number): void {
    const { marker, onLine } = this.#options
    const start = this.#lineStart
    this.#lineStart = end + 1
    if (marker === undefined || this.markedWords !== undefined) onLine?.(this.#bytes.toString('utf8', start, end))
    else this.#findMarker(marker, start, end)
  }

  /** A greeting may not end with a line feed, so the marker may be inside a line. */
  #findMarker(marker: string, start: number, end: number): void {
    const line = this.#bytes.subarray(start, end)
    const at = line.lastIndexOf(`${marker} `)
    if (at === -1) return
    this.markedWords = line.toString('utf8', at + marker.length + 1)
    this.#start = end + 1
  }
}
