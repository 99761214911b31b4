import { StringDecoder } from 'node:string_decoder'
import type { OutputChunk } from './frames.ts'

/** A line of output of one of a container's streams. */
export interface OutputLine {
  /** Which of the two outputs it is; a terminal has only `stdout`. */
  readonly stream: OutputChunk['stream']
  /** Without its line feed, and without the carriage return before it. */
  readonly line: string
}

/** Joins what came in pieces into lines, each stream for itself; a last line without an end is one, too. */
export async function* splitLines(chunks: AsyncIterable<OutputChunk>): AsyncGenerator<OutputLine, void, undefined> {
  const open = { stdout: new LineJoiner(), stderr: new LineJoiner() }
  for await (const { stream, data } of chunks) {
    for (const line of open[stream].push(data)) yield { stream, line }
  }
  for (const stream of ['stdout', 'stderr'] as const) {
    const line = open[stream].end()
    if (line !== '') yield { stream, line }
  }
}

class LineJoiner {
  readonly #decoder: StringDecoder = new StringDecoder('utf8')
  /** Pieces of a line whose end has not come. */
  #pending: string[] = []

  push(data: Buffer): string[] {
    const [first = '', ...others] = this.#decoder.write(data).split('\n')
    this.#pending.push(first)
    const lines: string[] = []
    for (const next of others) {
      lines.push(withoutReturn(this.#pending.join('')))
      this.#pending = [next]
    }
    return lines
  }

  end(): string {
    return withoutReturn(this.#pending.join('') + this.#decoder.end())
  }
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}
