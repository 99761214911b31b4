import { once, setMaxListeners } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { resolve } from 'node:path'
import type { Duplex } from 'node:stream'
import { formatEndpoint } from '../endpoint/endpoint.ts'
import { forbiddenCharacter } from '../endpoint/text.ts'
import { ArgumentError, ConnectionError } from '../base/errors.ts'
import { checkOptions } from '../base/options.ts'
import type { DockerDispatcher } from '../transport/dispatcher.ts'
import { listenPrivately, type SocketFile } from './socket-file.ts'
import { dispatcherOf, type ConnectionSource } from './source.ts'
import { answerFailure, pipeBothWays } from './tunnel.ts'

/** Options of {@link bridge}. */
export interface BridgeOptions {
  /** Closes the bridge when it aborts. If it aborts before the bridge listens, `bridge()` rejects with its reason. */
  readonly signal?: AbortSignal | undefined
  /**
   * Called with the reason when a connection to the daemon fails. The tool gets an error response in any case. Exceptions
   * from this function are ignored, and other connections continue.
   */
  readonly onFailure?: ((error: unknown) => void) | undefined
}

/** A local socket that forwards to a daemon, created by {@link bridge}. */
export interface Bridge {
  /** The absolute path of the socket. With `unix://` in front, it is a DOCKER_HOST. */
  readonly path: string
  /** Closes all connections and removes the socket. Further calls have no effect. */
  close(): Promise<void>
  /** The same as `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

class SocketBridge implements Bridge {
  readonly path: string
  readonly #dispatcher: DockerDispatcher
  readonly #options: BridgeOptions
  readonly #server: Server
  /** The sockets of all connections, on both sides. */
  readonly #sockets = new Set<Duplex>()
  readonly #closing = new AbortController()
  #file: SocketFile | undefined
  #closed: Promise<void> | undefined

  constructor(dispatcher: DockerDispatcher, path: string, options: BridgeOptions) {
    this.path = path
    this.#dispatcher = dispatcher
    this.#options = options
    this.#server = createServer({ allowHalfOpen: true }, (tool) => void this.#forward(tool))
    // Each pending connection adds a listener.
    setMaxListeners(0, this.#closing.signal)
  }

  async listen(): Promise<void> {
    this.#file = await listenPrivately(this.#server, this.path)
    // Emitted when a connection can't be accepted, for example without free file descriptors.
    this.#server.on('error', (error) => this.#report(error))
    this.#options.signal?.addEventListener('abort', this.#closeOnAbort)
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Ignores errors here: a caller of close() gets them. */
  readonly #closeOnAbort = (): void => void this.close().catch(() => {})

  async #close(): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#closeOnAbort)
    this.#closing.abort()
    try {
      // Removed before the server closes: while it listens, no other file can have its inode, by which the file is
      // identified.
      await this.#file?.remove()
    } finally {
      const ended = once(this.#server, 'close')
      this.#server.close()
      for (const socket of this.#sockets) socket.destroy()
      await ended
    }
  }

  /** Forwards one connection of a tool to the daemon. */
  async #forward(tool: Socket): Promise<void> {
    this.#track(tool)
    try {
      const daemon = await this.#dispatcher.open(this.#closing.signal)
      this.#track(daemon)
      pipeBothWays(tool, daemon)
    } catch (error) {
      if (this.#closing.signal.aborted) return
      answerFailure(tool, error)
      this.#report(error)
    }
  }

  /** Ignores what onFailure throws: an unhandled rejection would end the process. */
  #report(failure: unknown): void {
    Promise.resolve(failure)
      .then((error) => this.#options.onFailure?.(error))
      .catch(() => {})
  }

  #track(socket: Duplex): void {
    this.#sockets.add(socket)
    socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket))
  }
}

/**
 * Creates a Unix socket that forwards to the daemon: each connection to it becomes one mutually authenticated
 * connection to the daemon. Any Docker tool can use it with `DOCKER_HOST=unix://PATH`, without TLS of its own.
 *
 * **Anyone who can open the socket has the rights of this client: root on the daemon's host.** The socket is created
 * with mode 0600. Choose a folder where nobody else may write: if another user could replace the socket, `bridge()` rejects.
 *
 * If a connection to the daemon fails, the tool gets `502 Bad Gateway` with the reason. Closing the client closes the
 * connections; the socket exists until you close the bridge.
 *
 * @param source - a client, a dispatcher, or an endpoint with its identity
 * @param path - where to listen. An existing file is replaced only if it is a socket of this user without a listener
 * @returns the bridge, which is listening
 * @throws {@link FileError} ERR_FILE_EXISTS if the path is taken, ERR_FILE_WRITE
 * @throws {@link ConnectionError} ERR_BRIDGE_UNSUPPORTED for an endpoint with a path prefix, and on Windows
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, ERR_OPTION_UNKNOWN
 * @example
 * ```ts
 * await using docker = await connect()
 * await using made = await bridge(docker, '/run/user/1000/docker-build01.sock')
 * console.log(`export DOCKER_HOST=unix://${made.path}`)
 * ```
 */
export async function bridge(source: ConnectionSource, path: string, options: BridgeOptions = {}): Promise<Bridge> {
  checkBridgeOptions(options)
  const dispatcher = dispatcherOf(source, 'bridge')
  checkSupported(dispatcher)
  const { signal } = options
  signal?.throwIfAborted()
  const made = new SocketBridge(dispatcher, checkPath(path), options)
  await made.listen()
  if (!signal?.aborted) return made
  await made.close()
  throw signal.reason
}

function checkBridgeOptions(options: BridgeOptions): void {
  checkOptions(options, ['signal', 'onFailure'], 'bridge()')
  const { signal, onFailure } = options
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw wrongOption('signal', 'an AbortSignal')
  if (onFailure !== undefined && typeof onFailure !== 'function') throw wrongOption('onFailure', 'a function')
}

function wrongOption(option: keyof BridgeOptions, expected: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the option ${option} of bridge()`,
    got: `it is not ${expected}`,
    todo: 'The options are signal, an AbortSignal, and onFailure, a function.',
  })
}

function checkPath(path: unknown): string {
  const text = typeof path === 'string' ? path : ''
  const forbidden = forbiddenCharacter(text)
  if (text !== '' && forbidden === undefined) return resolve(text)
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'reading the path of bridge()',
    got: forbidden === undefined ? 'it is not a path' : `it contains ${forbidden}`,
    todo: 'Pass the path of the socket to create, such as /run/user/1000/docker.sock',
  })
}

function checkSupported({ endpoint, prefix }: DockerDispatcher): void {
  const reason =
    prefix === ''
      ? WINDOWS
      : `the endpoint has the path prefix ${prefix}, and a bridge forwards bytes without adding it to requests`
  if (reason === undefined) return
  throw new ConnectionError('ERR_BRIDGE_UNSUPPORTED', {
    tried: `creating a bridge to ${formatEndpoint(endpoint)}`,
    got: reason,
    todo: 'Use docker-mtls as a library instead, or toHttpsAgent().',
  })
}

/** Node can't set the access control list of a named pipe. */
const WINDOWS: string | undefined =
  process.platform === 'win32' ? 'on Windows it would be a named pipe, which other users could open' : undefined
