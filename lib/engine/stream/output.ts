import type { Readable, Writable } from 'node:stream'
import { ByteList } from '../../base/byte-list.ts'
import { answerTooLarge } from '../../transport/answer-limit.ts'
import type { Named } from '../api-error.ts'
import { FrameSplitter, type OutputChunk } from './frames.ts'
import { longestLine, splitLines, type LinesOptions, type OutputLine } from './lines.ts'
import { readChunks } from './chunks.ts'
import { checkWritable, Sinks } from './sinks.ts'
import { closing, Source } from './source.ts'

/** The complete output of a container. */
export interface Output {
  /** The bytes of its standard output. */
  readonly stdout: Buffer
  /** The bytes of its standard error. */
  readonly stderr: Buffer
}

/** The parts of an {@link OutputStream}. */
export interface OutputSource {
  readonly body: Readable
  /** The output of a terminal is raw, all other output comes in frames. */
  readonly tty: boolean
  readonly request: Named
  /** How long nothing may arrive, in milliseconds. Only for connections that were taken over: others have their own. */
  readonly idleTimeout?: number | undefined
  /** When the peer last accepted input, by performance.now(). */
  readonly acceptedAt?: (() => number) | undefined
  /** Turns an error of the connection into one of ours. */
  readonly explain?: ((error: unknown) => unknown) | undefined
  /** Reads all output, and may fail at its end. */
  readonly watch?: Watch | undefined
}

/** Passes chunks on, and may fail at the end if the output is complete, not if its reader closed it. */
export type Watch = (
  chunks: AsyncIterable<OutputChunk>,
  isComplete: () => boolean,
) => AsyncGenerator<OutputChunk, void, undefined>

/**
 * The output of a container as it arrives. You can read it once: loop over it, or call one of its methods. `break` cancels
 * the request, and `close()` ends the loop. A chunk is what arrived together of one stream, not a line.
 */
export class OutputStream implements AsyncIterable<OutputChunk>, AsyncDisposable {
  /** The container has a terminal, and all of its output is `stdout`. */
  readonly tty: boolean
  readonly #source: Source
  readonly #request: Named
  readonly #idleTimeout: number | undefined
  readonly #acceptedAt: OutputSource['acceptedAt']
  readonly #explain: OutputSource['explain']
  readonly #watch: Watch | undefined

  /** @internal */
  constructor({ body, tty, request, idleTimeout, acceptedAt, explain, watch }: OutputSource) {
    this.#source = new Source(body)
    this.tty = tty
    this.#request = request
    this.#idleTimeout = idleTimeout
    this.#acceptedAt = acceptedAt
    this.#explain = explain
    this.#watch = watch
  }

  /** The output as it arrives; `break` cancels the request. */
  [Symbol.asyncIterator](): AsyncGenerator<OutputChunk, void, undefined> {
    const chunks = this.tty ? this.#raw() : this.#framed()
    if (!this.#watch) return chunks
    const source = this.#source
    return closing(
      this.#watch(chunks, () => source.complete),
      () => source.close(),
    )
  }

  /**
   * The text of each line as UTF-8, of both streams in the order of arrival, without line ends. A line of more than
   * 1,048,576 characters is returned in pieces.
   */
  lines(options: LinesOptions = {}): AsyncGenerator<string, void, undefined> {
    return this.#lines(longestLine(options), ({ line }) => line)
  }

  /** The same lines as {@link OutputStream.lines}, each with its stream. A piece of a line has `partial: true`. */
  linesWithStream(options: LinesOptions = {}): AsyncGenerator<OutputLine, void, undefined> {
    return this.#lines(longestLine(options), (line) => line)
  }

  /** Reads the output to its end. Without `tail`, `logs` may return gigabytes. Fails if you close it before its end. */
  async collect(): Promise<Output> {
    const streams = { stdout: new ByteList(), stderr: new ByteList() }
    for await (const { stream, data } of this) streams[stream].push(data)
    this.#source.requireComplete(this.#request)
    return { stdout: streams.stdout.take(), stderr: streams.stderr.take() }
  }

  /**
   * Reads the output to its end as UTF-8, with both streams in the order of arrival. Fails if you close it before its
   * end.
   *
   * @param maxBytes - more bytes are an error, ERR_ANSWER_TOO_LARGE. Default: no limit
   */
  async text(maxBytes = Infinity): Promise<string> {
    const bytes = new ByteList()
    for await (const { data } of this) {
      bytes.push(data)
      if (bytes.size > maxBytes) throw answerTooLarge(`it has more than ${maxBytes} bytes`)
    }
    this.#source.requireComplete(this.#request)
    return bytes.take().toString('utf8')
  }

  /**
   * Writes the output to two streams, at their pace, and resolves at its end or when you close it. It doesn't end them. If
   * one of them fails or is destroyed, the request is cancelled.
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
      await sinks.check()
    } finally {
      sinks.release()
    }
  }

  /** Cancels the request. Loops over the output and its lines end without an error, and so does `copyTo()`. */
  close(): Promise<void> {
    this.#source.close()
    return Promise.resolve()
  }

  /** Like {@link OutputStream.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #lines<Item>(longest: number, itemOf: (line: OutputLine) => Item): AsyncGenerator<Item, void, undefined> {
    const source = this.#source
    return closing(splitLines(this, longest, source, itemOf), () => source.close())
  }

  #raw(): AsyncGenerator<OutputChunk, void, undefined> {
    return readChunks<OutputChunk>(this.#source, {
      request: this.#request,
      split: (data) => [{ stream: 'stdout', data }],
      idleTimeout: this.#idleTimeout,
      acceptedAt: this.#acceptedAt,
      explain: this.#explain,
    })
  }

  #framed(): AsyncGenerator<OutputChunk, void, undefined> {
    const splitter = new FrameSplitter()
    return readChunks(this.#source, {
      request: this.#request,
      split: (chunk) => splitter.push(chunk),
      check: () => splitter.check(),
      end: () => splitter.end(),
      idleTimeout: this.#idleTimeout,
      acceptedAt: this.#acceptedAt,
      explain: this.#explain,
    })
  }
}
