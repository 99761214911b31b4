import { Duplex } from 'node:stream'
import type { Dispatcher, WebSocket } from 'undici'
import { formatEndpoint } from '../endpoint/endpoint.ts'
import { ConnectionError } from '../base/errors.ts'
import { Collector, type WireAnswer } from './collector.ts'
import type { DockerDispatcher } from './dispatcher.ts'
import { PausableStream } from './pausable-stream.ts'
import type { WireRequest } from './send.ts'
import { toCoreHandler, type Handler } from './undici.ts'

/**
 * The daemon sends what it has read at once, some kilobytes. undici's own limit is one of its dispatchers', and without any
 * a few bytes that are compressed well would fill our memory.
 */
const LONGEST_MESSAGE = 16 * 1024 * 1024

type HandOver = (socket: PausableStream) => void

/**
 * Opens a web socket (RFC 6455), and hands it over as bytes in both directions, or the answer that refuses it. It has
 * no half close, and what comes is one stream of bytes, whatever the messages were.
 */
export async function openWebSocket(
  dispatcher: DockerDispatcher,
  { path, signal }: WireRequest,
): Promise<Duplex | WireAnswer> {
  signal?.throwIfAborted()
  // Three times as much to load as all the rest of undici that we use.
  const { WebSocket } = await import('undici')
  const url = dispatcher.origin.replace(/^http/, 'ws') + dispatcher.prefix + path
  const target = formatEndpoint(dispatcher.endpoint)
  return new Promise((resolve, reject) => {
    let pausable: PausableStream | undefined
    const handOver: HandOver = (socket) => (pausable = socket)
    const collector = new Collector({ resolve, reject, upgraded: () => {} }, signal)
    const socket = new WebSocket(url, { dispatcher: pausableDispatcher(dispatcher, collector, handOver) })
    socket.binaryType = 'arraybuffer'
    const refused = (): void => reject(broken(target, 'the answer to the handshake is invalid'))
    socket.addEventListener('close', refused)
    socket.addEventListener('open', () => {
      socket.removeEventListener('close', refused)
      if (pausable) resolve(new WebSocketBytes(socket, pausable, target))
    })
  })
}

/** undici's WebSocket asks for dispatch() alone: here it goes our way, and a refusal is read, which it would not tell. */
function pausableDispatcher(dispatcher: DockerDispatcher, collector: Collector, handOver: HandOver): Dispatcher {
  const dispatch = (options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean => {
    const pair = new Pair(collector, toCoreHandler(handler), handOver)
    return dispatcher.dispatch(options, pair)
  }
  return { dispatch, webSocketOptions: { maxPayloadSize: LONGEST_MESSAGE } } as unknown as Dispatcher
}

/** Tells both of one answer. */
class Pair implements Handler {
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

function broken(target: string, got: string): ConnectionError {
  return new ConnectionError('ERR_CONNECTION_CLOSED', {
    tried: `using a web socket to ${target}`,
    got,
    todo: 'Check that the daemon is running, and that the proxy in between supports web sockets.',
  })
}

/** No status (1005) or a normal end (1000), or the server goes away (1001): RFC 6455, section 7.4.1. */
const GOOD_ENDS: ReadonlySet<number> = new Set([1000, 1001, 1005])

/** What a web socket carries, with back-pressure in both directions. */
class WebSocketBytes extends Duplex {
  readonly #socket: WebSocket
  readonly #pausable: PausableStream

  constructor(socket: WebSocket, pausable: PausableStream, target: string) {
    super()
    this.#socket = socket
    this.#pausable = pausable
    // The connection knows more than the web socket tells: that this client was closed, for one.
    pausable.once('error', (error) => this.destroy(error))
    socket.addEventListener('message', ({ data }: { data: string | ArrayBuffer }) => {
      const bytes = typeof data === 'string' ? Buffer.from(data) : Buffer.from(data)
      if (!this.push(bytes)) pausable.hold()
    })
    socket.addEventListener('close', ({ code }) => {
      if (GOOD_ENDS.has(code)) this.push(null)
      else this.destroy(broken(target, `it ended without a closing handshake (${code})`))
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
