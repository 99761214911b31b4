import type { Writable } from 'node:stream'
import { watchOutputs } from '../../transport/given-streams.ts'
import type { OutputChunk } from './frames.ts'
import { longestLine, type LinesOptions, type OutputLine } from './lines.ts'
import { Opening } from './opening.ts'
import type { OutputStream } from './output.ts'
import { checkWritable } from './sinks.ts'

/**
 * Output of a container that isn't open yet. Nothing is sent until you `await` it, iterate over it, or call one of its methods.
 * You can read it once.
 *
 * @example
 * ```ts
 * for await (const line of docker.containers.logs('web', { follow: true }).lines()) console.log(line)
 * const text = await docker.containers.logs('web', { tail: 100 }).text()
 * ```
 */
export class OutputOpening extends Opening<OutputChunk, OutputStream> {
  readonly #mostBytes: number

  /** @internal */
  constructor(open: (closed: AbortSignal) => Promise<OutputStream>, mostBytes: number) {
    super(open)
    this.#mostBytes = mostBytes
  }

  /** Opens the output and iterates over its lines, as {@link OutputStream.lines}. */
  lines(options: LinesOptions = {}): AsyncIterableIterator<string> {
    longestLine(options)
    return this.iterate((stream) => stream.lines(options))
  }

  /** Opens the output and iterates over its lines, each with its stream, as {@link OutputStream.linesWithStream}. */
  linesWithStream(options: LinesOptions = {}): AsyncIterableIterator<OutputLine> {
    longestLine(options)
    return this.iterate((stream) => stream.linesWithStream(options))
  }

  /**
   * Opens the output and reads it to its end as UTF-8, with both streams in the order of arrival. Fails if you close it before its
   * end.
   *
   * @throws {@link ConnectionError} ERR_ANSWER_TOO_LARGE if it has more bytes than the option `maxAnswerBytes`
   */
  async text(): Promise<string> {
    return (await this).text(this.#mostBytes)
  }

  /**
   * Opens the output and writes it to two streams, at their pace. It doesn't end them. Resolves at the end of the output or when
   * you close it. If one of them fails or is destroyed, the request is cancelled.
   */
  async copyTo(stdout: Writable, stderr: Writable = stdout): Promise<void> {
    for (const target of [stdout, stderr]) checkWritable('a target of copyTo()', target)
    const unwatch = watchOutputs(stdout, stderr)
    try {
      await (await this).copyTo(stdout, stderr)
    } finally {
      unwatch()
    }
  }
}
