import { StringDecoder } from 'node:string_decoder'
import type { OutputChunk } from './frames.ts'

/** A line of a container's output. */
export interface OutputLine {
  /** The stream that it belongs to. A terminal has only `stdout`. */
  readonly stream: OutputChunk['stream']
  /** Without the line feed, and without a carriage return before it. */
  readonly line: string
}

/** Joins chunks into lines, separately for each stream. Text after the last line feed is a line, too. */
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
  /** Parts of a line that is still incomplete. */
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
