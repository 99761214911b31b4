import type { Readable, Writable } from 'node:stream'
import type { Named } from '../api-error.ts'
import { FrameSplitter, type OutputChunk } from './frames.ts'
import { splitLines, type OutputLine } from './lines.ts'
import { readChunks } from './chunks.ts'
import { checkWritable, Sinks } from './sinks.ts'

/** What a container has said, read whole. */
export interface Output {
  /** The bytes of the output. */
  readonly stdout: Buffer
  /** The bytes of the error output. */
  readonly stderr: Buffer
}

/** What an {@link OutputStream} is made of. */
export interface OutputSource {
  readonly body: Readable
  /** A terminal's output is raw; everything else comes in frames. */
  readonly tty: boolean
  readonly request: Named
  /** Turns an error of the connection into ours, where it isn't one yet. */
  readonly explain?: ((error: unknown) => unknown) | undefined
  /** Sees all of it, and may fail at its end. */
  readonly watch?: Watch | undefined
}

/** Hands on what comes, and knows when it has to fail. */
export type Watch = (chunks: AsyncIterable<OutputChunk>) => AsyncGenerator<OutputChunk, void, undefined>

/**
 * Output of a container as it comes. Loop over it, or read it by one of its methods, once. Leaving the loop ends the
 * request. A chunk is what came together of one stream: neither a line nor a write of the program.
 */
export class OutputStream implements AsyncIterable<OutputChunk>, AsyncDisposable {
  /** Raw output of a terminal: all of it is `stdout`. */
  readonly tty: boolean
  readonly #body: Readable
  readonly #request: Named
  readonly #explain: OutputSource['explain']
  readonly #watch: Watch | undefined

  /** @internal */
  constructor({ body, tty, request, explain, watch }: OutputSource) {
    this.#body = body
    this.tty = tty
    this.#request = request
    this.#explain = explain
    this.#watch = watch
  }

  /** The output as it arrives; `break` ends the request. */
  [Symbol.asyncIterator](): AsyncGenerator<OutputChunk, void, undefined> {
    const chunks = this.tty ? this.#raw() : this.#framed()
    return this.#watch ? this.#watch(chunks) : chunks
  }

  /** Line by line, as UTF-8 and without the line's end. */
  lines(): AsyncGenerator<OutputLine, void, undefined> {
    return splitLines(this)
  }

  /** Reads it to its end. Mind its size: `logs` without `tail` may be gigabytes. */
  async collect(): Promise<Output> {
    const streams: Record<OutputChunk['stream'], Buffer[]> = { stdout: [], stderr: [] }
    for await (const { stream, data } of this) streams[stream].push(data)
    return { stdout: Buffer.concat(streams.stdout), stderr: Buffer.concat(streams.stderr) }
  }

  /** Reads it to its end, as UTF-8, both streams in the order in which they came. */
  async text(): Promise<string> {
    const chunks: Buffer[] = []
    for await (const { data } of this) chunks.push(data)
    return Buffer.concat(chunks).toString('utf8')
  }

  /**
   * Writes it to where it belongs, at the pace at which that takes it, and resolves at its end. Neither is ended; where one fails or
   * is destroyed, the request ends, too.
   *
   * @example
   * ```ts
   * const logs = await docker.containers.logs('web', { follow: true })
   * await logs.copyTo(process.stdout, process.stderr)
   * ```
   */
  async copyTo(stdout: Writable, stderr: Writable = stdout): Promise<void> {
    for (const target of [stdout, stderr]) checkWritable('a target of copyTo()', target)
    const sinks = new Sinks(stdout, stderr)
    try {
      for await (const { stream, data } of this) await sinks.write(stream === 'stdout' ? stdout : stderr, data)
    } finally {
      sinks.release()
    }
  }

  /** Ends the request. */
  close(): Promise<void> {
    this.#body.destroy()
    return Promise.resolve()
  }

  /** Ends the request. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #raw(): AsyncGenerator<OutputChunk, void, undefined> {
    return readChunks<OutputChunk>(this.#body, {
      request: this.#request,
      split: (data) => [{ stream: 'stdout', data }],
      explain: this.#explain,
    })
  }

  #framed(): AsyncGenerator<OutputChunk, void, undefined> {
    const splitter = new FrameSplitter()
    return readChunks(this.#body, {
      request: this.#request,
      split: (piece) => splitter.push(piece),
      check: () => splitter.check(),
      end: () => splitter.end(),
      explain: this.#explain,
    })
  }
}
