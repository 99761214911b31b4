import { StringDecoder } from 'node:string_decoder'
import { ArgumentError } from '../../base/errors.ts'
import { checkOptions } from '../../base/options.ts'
import { shown } from '../description.ts'
import type { OutputChunk } from './frames.ts'

/** A line of a container's output. */
export interface OutputLine {
  /** The stream that it belongs to. A terminal has only `stdout`. */
  readonly stream: OutputChunk['stream']
  /** Without the line feed, and without a carriage return before it. */
  readonly line: string
  /** Set if this is a piece of a line that is too long. The next item of the same stream continues it. */
  readonly partial?: true
}

/** Options of {@link OutputStream.lines} and {@link OutputStream.linesWithStream}. */
export interface LinesOptions {
  /**
   * The longest line, in characters (UTF-16 code units). A longer line is returned in pieces, so that output without a line
   * feed doesn't exhaust the memory.
   *
   * @defaultValue 1,048,576
   */
  readonly maxLength?: number | undefined
}

const LONGEST_LINE = 1024 * 1024

/** The longest line of these options. @throws ArgumentError */
export function longestLine(options: LinesOptions): number {
  checkOptions(options, ['maxLength'], 'lines()')
  const { maxLength = LONGEST_LINE } = options
  // A surrogate pair must fit.
  if (Number.isInteger(maxLength) && maxLength >= 2) return maxLength
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'the option maxLength of lines()',
    got: `it is ${shown(maxLength)}`,
    todo: 'Pass an integer of 2 or more.',
  })
}

/**
 * Joins chunks into lines, separately for each stream. Text after the last line feed is a line, too, but not if the reader
 * closes the source: the line may be incomplete.
 */
export async function* splitLines<Item = OutputLine>(
  chunks: AsyncIterable<OutputChunk>,
  longest: number,
  source: { readonly closed: boolean } = { closed: false },
  itemOf: (line: OutputLine) => Item = (line) => line as Item,
): AsyncGenerator<Item, void, undefined> {
  const joiners = { stdout: new LineJoiner('stdout', longest), stderr: new LineJoiner('stderr', longest) }
  // Not yield*, which takes several turns for each line.
  for await (const { stream, data } of chunks) {
    for (const line of joiners[stream].push(data)) {
      yield itemOf(line)
      if (source.closed) return
    }
  }
  if (source.closed) return
  for (const joiner of Object.values(joiners)) for (const line of joiner.end()) yield itemOf(line)
}

class LineJoiner {
  readonly #stream: OutputLine['stream']
  readonly #longest: number
  readonly #decoder: StringDecoder = new StringDecoder('utf8')
  /** The beginning of a line that is still incomplete. */
  #pending = ''
  /** It continues a piece that was returned. */
  #continues = false

  constructor(stream: OutputLine['stream'], longest: number) {
    this.#stream = stream
    this.#longest = longest
  }

  push(data: Buffer): OutputLine[] {
    return this.#add(this.#decoder.write(data))
  }

  end(): OutputLine[] {
    const lines = this.#add(this.#decoder.end())
    const last = this.#line()
    return last.line === '' && !this.#continues ? lines : [...lines, last]
  }

  #add(text: string): OutputLine[] {
    const [first = '', ...others] = text.split('\n')
    const lines: OutputLine[] = []
    this.#extend(first, lines)
    for (const next of others) {
      lines.push(this.#line())
      this.#pending = ''
      this.#continues = false
      this.#extend(next, lines)
    }
    return lines
  }

  #line(): OutputLine {
    const line = this.#pending.endsWith('\r') ? this.#pending.slice(0, -1) : this.#pending
    return { stream: this.#stream, line }
  }

  /** Extends the pending line, and adds the pieces that are too long for it. */
  #extend(text: string, lines: OutputLine[]): void {
    this.#pending += text
    while (this.#pending.length > this.#longest && !this.#mayEndHere()) {
      const end = endOfPiece(this.#pending, this.#longest)
      lines.push({ stream: this.#stream, line: this.#pending.slice(0, end), partial: true })
      this.#pending = this.#pending.slice(end)
      this.#continues = true
    }
  }

  /** Only a carriage return makes the line too long, and the line feed may follow. */
  #mayEndHere(): boolean {
    return this.#pending.length === this.#longest + 1 && this.#pending.endsWith('\r')
  }
}

/** Keeps a surrogate pair together. */
function endOfPiece(text: string, longest: number): number {
  const last = text.charCodeAt(longest - 1)
  return last >= 0xd800 && last < 0xdc00 ? longest - 1 : longest
}
