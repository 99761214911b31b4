import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { GrpcFault } from './grpc-fault.ts'
import { GrpcFrames, PREFIX_BYTES } from './grpc-frames.ts'

/** One call that the peer makes. */
export interface GrpcCall {
  /** Aborts when the peer cancels the call or the connection closes. */
  readonly signal: AbortSignal
  /** Returns all values of a header field, in order. */
  metadata(name: string): string[]
  /** Returns the message of a call with a single message. */
  message(): Promise<Uint8Array>
  /** Yields the messages of a streaming call. */
  messages(): AsyncGenerator<Uint8Array, void, undefined>
  /** Sends one message, given in parts. Resolves when the stream can take another. */
  send(...parts: readonly Uint8Array[]): Promise<void>
}

/** A call on an HTTP/2 stream. */
export class GrpcStream implements GrpcCall {
  readonly path: string
  /** Whether the request is a gRPC call. */
  readonly isGrpc: boolean
  readonly #stream: ServerHttp2Stream
  readonly #raw: readonly string[]
  readonly #cancelled = new AbortController()

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: readonly string[]) {
    this.#stream = stream
    this.#raw = raw
    this.path = headers[':path'] ?? ''
    this.isGrpc = headers[':method'] === 'POST' && /^application\/grpc\b/.test(headers['content-type'] ?? '')
    // When the peer resets a stream, that must end the call and not this process.
    stream.on('error', () => {})
    stream.once('close', () => this.#cancelled.abort(cancelled()))
  }

  get signal(): AbortSignal {
    return this.#cancelled.signal
  }

  /** Reads the raw headers: Node joins repeated fields with commas, and patterns may contain commas. */
  metadata(name: string): string[] {
    return this.#raw.filter((_, index) => index % 2 === 1 && this.#raw[index - 1]?.toLowerCase() === name)
  }

  async message(): Promise<Uint8Array> {
    for await (const message of this.messages()) return message
    throw new GrpcFault('invalidArgument', 'the call has no message')
  }

  async *messages(): AsyncGenerator<Uint8Array, void, undefined> {
    const frames = new GrpcFrames()
    try {
      // Leaving the loop must not close the other direction.
      for await (const chunk of this.#stream.iterator({ destroyOnReturn: false })) yield* frames.push(chunk as Buffer)
    } catch (error) {
      // Errors of Node mean that the peer has reset the stream, which isn't our failure.
      throw error instanceof GrpcFault ? error : cancelled()
    }
  }

  async send(...parts: readonly Uint8Array[]): Promise<void> {
    if (this.#isClosed) throw cancelled()
    this.#sendHeaders()
    // Not compressed: the first byte stays 0.
    const prefix = Buffer.alloc(PREFIX_BYTES)
    prefix.writeUInt32BE(
      parts.reduce((sum, { length }) => sum + length, 0),
      1,
    )
    const stream = this.#stream
    stream.cork()
    let hasRoom = stream.write(prefix)
    for (const part of parts) hasRoom = stream.write(part)
    stream.uncork()
    if (!hasRoom) await this.#waitForDrain()
  }

  /** Ends the call with a status. */
  end(status: number, message: string): void {
    const stream = this.#stream
    if (this.#isClosed || stream.writableEnded) return
    const trailers = { 'grpc-status': String(status), ...(message !== '' && { 'grpc-message': encodeURI(message) }) }
    this.#sendHeaders()
    stream.once('wantTrailers', () => stream.sendTrailers(trailers))
    stream.end()
    // Discards further messages of the peer. Closing the stream here would also lose the trailers.
    stream.resume()
  }

  /** Answers a request that isn't a gRPC call. */
  refuse(): void {
    if (!this.#isClosed) this.#stream.respond({ ':status': 415 }, { endStream: true })
  }

  /** A reset stream is closed first, and destroyed a moment later. */
  get #isClosed(): boolean {
    return this.#stream.destroyed || this.#stream.closed
  }

  #sendHeaders(): void {
    if (this.#stream.headersSent) return
    this.#stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  }

  #waitForDrain(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#stream.off('drain', settle).off('close', settle)
        if (this.#isClosed) reject(cancelled())
        else resolve()
      }
      this.#stream.on('drain', settle).on('close', settle)
    })
  }
}

function cancelled(): GrpcFault {
  return new GrpcFault('internal', 'the call was cancelled')
}
