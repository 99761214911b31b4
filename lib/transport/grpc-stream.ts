import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { GrpcFault } from './grpc-fault.ts'
import { GrpcFrames } from './grpc-frames.ts'

/** One call of the peer's. */
export interface GrpcCall {
  /** Aborted when the peer gives the call up, or the connection ends. */
  readonly signal: AbortSignal
  /** All values of a header field, in order. */
  metadata(name: string): string[]
  /** The one message of a call that has one. */
  message(): Promise<Uint8Array>
  /** Its messages, one after the other. */
  messages(): AsyncGenerator<Uint8Array, void, undefined>
  /** Sends a message, given in parts; resolves when there is room for the next. */
  send(...parts: readonly Uint8Array[]): Promise<void>
}

/** One byte for compression, of which there is none, and four for the length. */
const PREFIX = 5

/** A call as a stream of HTTP/2. */
export class GrpcStream implements GrpcCall {
  readonly path: string
  /** Whether it is a call at all. */
  readonly isGrpc: boolean
  readonly #stream: ServerHttp2Stream
  readonly #raw: readonly string[]
  readonly #gone = new AbortController()

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: readonly string[]) {
    this.#stream = stream
    this.#raw = raw
    this.path = headers[':path'] ?? ''
    this.isGrpc = headers[':method'] === 'POST' && /^application\/grpc\b/.test(headers['content-type'] ?? '')
    // A peer that resets a stream ends a call, and not this process.
    stream.on('error', () => {})
    stream.once('close', () => this.#gone.abort(givenUp()))
  }

  get signal(): AbortSignal {
    return this.#gone.signal
  }

  /** From the raw list: where a field comes more than once, Node joins the values by commas, which patterns may have. */
  metadata(name: string): string[] {
    return this.#raw.filter((_, index) => index % 2 === 1 && this.#raw[index - 1]?.toLowerCase() === name)
  }

  async message(): Promise<Uint8Array> {
    for await (const message of this.messages()) return message
    throw new GrpcFault('invalidArgument', 'a call without a message')
  }

  async *messages(): AsyncGenerator<Uint8Array, void, undefined> {
    const frames = new GrpcFrames()
    try {
      // Leaving the loop must not end the other direction.
      for await (const chunk of this.#stream.iterator({ destroyOnReturn: false })) yield* frames.push(chunk as Buffer)
    } catch (error) {
      // All of Node's own say that the peer has reset the stream, which is no failure of ours.
      throw error instanceof GrpcFault ? error : givenUp()
    }
  }

  async send(...parts: readonly Uint8Array[]): Promise<void> {
    if (this.#isOver) throw givenUp()
    this.#begin()
    const prefix = Buffer.alloc(PREFIX)
    prefix.writeUInt32BE(
      parts.reduce((sum, { length }) => sum + length, 0),
      1,
    )
    const stream = this.#stream
    stream.cork()
    let room = stream.write(prefix)
    for (const part of parts) room = stream.write(part)
    stream.uncork()
    if (!room) await this.#drained()
  }

  /** Ends the call. */
  end(status: number, message: string): void {
    const stream = this.#stream
    if (this.#isOver || stream.writableEnded) return
    const trailers = { 'grpc-status': String(status), ...(message !== '' && { 'grpc-message': encodeURI(message) }) }
    this.#begin()
    stream.once('wantTrailers', () => stream.sendTrailers(trailers))
    stream.end()
    // What the peer still says is dropped; closing the stream at once would drop the trailers, too.
    stream.resume()
  }

  /** For what is no call of gRPC. */
  refuse(): void {
    if (!this.#isOver) this.#stream.respond({ ':status': 415 }, { endStream: true })
  }

  /** A stream that was reset is closed, and destroyed a moment later. */
  get #isOver(): boolean {
    return this.#stream.destroyed || this.#stream.closed
  }

  #begin(): void {
    if (this.#stream.headersSent) return
    this.#stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  }

  #drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#stream.off('drain', settle).off('close', settle)
        if (this.#isOver) reject(givenUp())
        else resolve()
      }
      this.#stream.on('drain', settle).on('close', settle)
    })
  }
}

function givenUp(): GrpcFault {
  return new GrpcFault('internal', 'the call was given up')
}
