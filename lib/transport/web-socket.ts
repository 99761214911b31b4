import { Duplex } from 'node:stream'
import type { Dispatcher, WebSocket } from 'undici'
import { formatEndpoint } from '../endpoint/endpoint.ts'
import { ConnectionError } from '../base/errors.ts'
import { Collector, type WireAnswer } from './collector.ts'
import type { DockerDispatcher } from './dispatcher.ts'
import { PausableStream } from './pausable-stream.ts'
import { idleOptions, type WireRequest } from './send.ts'
import { toCoreHandler, type Handler } from './undici.ts'

/**
 * The longest accepted message, in bytes. The daemon sends a few kilobytes per message. undici's own limit is an option
 * of its dispatchers; without a limit, a few well-compressed bytes could exhaust our memory.
 */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

type HandOver = (socket: PausableStream) => void

/**
 * Opens a web socket (RFC 6455). Resolves with a byte stream, or with the answer if the daemon refuses. The stream has
 * no half-close, and doesn't preserve message boundaries.
 */
export async function openWebSocket(dispatcher: DockerDispatcher, request: WireRequest): Promise<Duplex | WireAnswer> {
  const { path, signal } = request
  signal?.throwIfAborted()
  // Loaded late: undici's main module takes three times as long as the parts that we use otherwise.
  const { WebSocket } = await import('undici')
  const url = dispatcher.origin.replace(/^http/, 'ws') + dispatcher.prefix + path
  const target = formatEndpoint(dispatcher.endpoint)
  return new Promise((resolve, reject) => {
    let pausable: PausableStream | undefined
    const handOver: HandOver = (socket) => (pausable = socket)
    const collector = new Collector({ resolve, reject, upgraded: () => {} }, signal, dispatcher.maxAnswerBytes)
    const socket = new WebSocket(url, { dispatcher: pausableDispatcher(dispatcher, request, collector, handOver) })
    socket.binaryType = 'arraybuffer'
    const refused = (): void => reject(webSocketError(target, 'the answer to the handshake is invalid'))
    socket.addEventListener('close', refused)
    socket.addEventListener('open', () => {
      socket.removeEventListener('close', refused)
      if (pausable) resolve(new WebSocketBytes(socket, pausable, target))
    })
  })
}

/**
 * undici's WebSocket only calls dispatch(). This version makes the connection pausable, and also reads the answer of a
 * refusal, which WebSocket doesn't expose.
 */
function pausableDispatcher(
  dispatcher: DockerDispatcher,
  request: WireRequest,
  collector: Collector,
  handOver: HandOver,
): Dispatcher {
  const dispatch = (options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean => {
    const pair = new PairHandler(collector, toCoreHandler(handler), handOver)
    return dispatcher.dispatch({ ...options, ...idleOptions(request) }, pair)
  }
  return { dispatch, webSocketOptions: { maxPayloadSize: MAX_MESSAGE_BYTES } } as unknown as Dispatcher
}

/** Passes one answer to both handlers. */
class PairHandler implements Handler {
  readonly #collector: Collector
  readonly #inner: Handler
  readonly #handOver: HandOver

  constructor(collector: Collector, inner: Handler, handOver: HandOver) {
    this.#collector = collector
    this.#inner = inner
    this.#handOver = handOver
  }

  onConnect(abort: (reason?: Error) => void, context?: unknown): void {
    this.#inner.onConnect(abort, context)
    this.#collector.onConnect(abort)
  }

  onUpgrade(status: number, headers: Buffer[], socket: unknown): void {
    const pausable = new PausableStream(socket as Duplex)
    this.#handOver(pausable)
    this.#collector.onUpgrade(status, headers, pausable)
    this.#inner.onUpgrade?.(status, headers, pausable)
  }

  onHeaders(status: number, headers: Buffer[]): boolean {
    return this.#collector.onHeaders(status, headers)
  }

  onData(chunk: Buffer): boolean {
    return this.#collector.onData(chunk)
  }

  onComplete(): void {
    this.#collector.onComplete()
  }

  onError(error: Error): void {
    this.#collector.onError(error)
    this.#inner.onError?.(error)
  }
}

function webSocketError(target: string, got: string): ConnectionError {
  return new ConnectionError('ERR_CONNECTION_CLOSED', {
    tried: `using a web socket to ${target}`,
    got,
    todo: 'Check that the daemon is running, and that the proxy in between supports web sockets.',
  })
}

/**
 * Close codes that aren't failures (RFC 6455, section 7.4.1): normal closure (1000), server going away (1001), no
 * status (1005).
 */
const NORMAL_CLOSE_CODES: ReadonlySet<number> = new Set([1000, 1001, 1005])

/** A web socket as a byte stream, with back-pressure in both directions. */
class WebSocketBytes extends Duplex {
  readonly #socket: WebSocket
  readonly #pausable: PausableStream

  constructor(socket: WebSocket, pausable: PausableStream, target: string) {
    super()
    this.#socket = socket
    this.#pausable = pausable
    // The connection reports errors that the web socket hides, for example that this client was closed.
    pausable.once('error', (error) => this.destroy(error))
    // The reader gets the error; an unhandled 'error' would end the process.
    this.on('error', () => {})
    socket.addEventListener('message', ({ data }: { data: string | ArrayBuffer }) => {
      const bytes = typeof data === 'string' ? Buffer.from(data) : Buffer.from(data)
      if (!this.push(bytes)) pausable.hold()
    })
    socket.addEventListener('close', ({ code }) => {
      if (NORMAL_CLOSE_CODES.has(code)) this.push(null)
      else this.destroy(webSocketError(target, `it ended without a closing handshake (${code})`))
    })
  }

  override _read(): void {
    this.#pausable.release()
  }

  override _write(chunk: Uint8Array, _encoding: string, callback: () => void): void {
    this.#socket.send(chunk)
    this.#pausable.whenDrained(callback)
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#pausable.destroy()
    callback(error)
  }
}
