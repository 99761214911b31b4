import { setMaxListeners, type EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import type { Dispatcher as UndiciDispatcher, Pool as UndiciPool } from 'undici'
import { formatEndpoint, type Endpoint } from '../endpoint/endpoint.ts'
import { refuseUnusedProxy } from '../endpoint/proxy.ts'
import { linkSignals } from '../base/abort.ts'
import { ConnectionError } from '../base/errors.ts'
import type { Warning } from '../base/warning.ts'
import type { Identity } from '../identity/identity.ts'
import { refuseEndless } from './answer-end.ts'
import type { Connect, ConnectionNeeds } from './connect.ts'
import { connectorFor } from './connector.ts'
import { checkEndpoint, checkIdentity } from './dispatcher-arguments.ts'
import { checkDispatcherOptions, type CheckedOptions, type DispatcherOptions } from './dispatcher-options.ts'
import { requestChannel, type RequestEvent } from './diagnostics.ts'
import { checkDockerd } from './dockerd.ts'
import { CLOSED, explainFault, isConnectionFault } from './faults.ts'
import { GuardedHandler, type Guards, type RequestLine } from './handler.ts'
import { chooseLane, type Lane, type LaneDispatchOptions } from './lanes.ts'
import { originOf, prefixOf } from './origin.ts'
import type { Peer } from './peer.ts'
import { PeerWatch, type CountedSocket } from './peer-watch.ts'
import { RESPONSE_TIMEOUT_MS } from './tls-policy.ts'
import { PoolsOfCallers, type PoolNeeds, type Pools } from './pools.ts'
import { ShortQueue, type BoundedPool } from './short-queue.ts'
import { refuseRedirect, refuseTarget, type Target } from './target.ts'
import { Dispatcher, dispatcherMethods, Pool, toCoreHandler } from './undici.ts'
import { watchedClient, type WatchedOptions } from './watched-client.ts'

/** More connections cost handshakes and memory without being faster (measured: docs/performance.md). */
const SHORT_CONNECTIONS = 16
/** Each ssh connection costs a login and a process on both sides. */
const SHORT_SSH_CONNECTIONS = 4
/** More of them, only for calls that would wait for others that get no answer. */
const OVERFLOW_CONNECTIONS = 112
const OVERFLOW_SSH_CONNECTIONS = 12
/**
 * In milliseconds. Longer than for TLS: a login takes far longer than a handshake, and an idle connection costs a
 * process but no connection of the daemon.
 */
const SSH_IDLE_MS = 60_000

/** The method that util.inspect calls to print an object (Node, util.inspect.custom). */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/** Events of undici's pools to re-emit. Callers wait for 'drain' after dispatch() has returned false. */
const POOL_EVENTS = ['connect', 'disconnect', 'connectionError', 'drain'] as const

/**
 * An undici dispatcher for exactly one daemon. It refuses other origins and redirects, uses only verified TLS, local
 * sockets or ssh, and keeps short calls and long streams on separate connections.
 *
 * Create it with {@link createDispatcher}.
 */
export class DockerDispatcher extends Dispatcher {
  /** The daemon that this dispatcher connects to. */
  readonly endpoint: Endpoint
  /** The origin of request URLs: `https://build01:2376`, or `http://localhost` for a socket. */
  readonly origin: string
  /** The path prefix of the endpoint, or `''`. */
  readonly prefix: string
  /** @internal The longest answer that a call reads whole, in bytes. */
  readonly maxAnswerBytes: number
  readonly #pools: PoolsOfCallers
  readonly #connect: Connect
  /** A local socket has no network in between, and ssh asks its own peer. */
  readonly #watch: PeerWatch | undefined
  readonly #identity: Identity | undefined
  readonly #target: Target
  readonly #closing = new AbortController()
  readonly #guards: Guards = {
    explain: (error, line) => this.explain(error, this.#describe(line), line.idleTimeout) as Error,
    upgraded: (socket) => this.#track(socket),
    refuse: (answer) => refuseRedirect(this.#target, answer.status) ?? refuseEndless(this.#target, answer),
  }
  /** Hijacked connections, which undici no longer tracks, and connections returned by open(). */
  readonly #connections = new Set<Duplex>()
  /** One promise for each running ssh process; it resolves when the process ends. */
  readonly #processes = new Set<Promise<unknown>>()
  /** The name of the proxy, for error messages. */
  readonly #proxy: string | undefined
  #peer: Peer | undefined

  /** @internal */
  constructor(
    endpoint: Endpoint,
    identity: Identity | undefined,
    { connectTimeout, maxAnswerBytes, proxy }: CheckedOptions,
  ) {
    super()
    this.endpoint = endpoint
    this.origin = originOf(endpoint)
    this.prefix = prefixOf(endpoint)
    this.maxAnswerBytes = maxAnswerBytes
    this.#proxy = proxy?.name
    this.#identity = identity
    this.#target = { name: formatEndpoint(endpoint), origin: this.origin, prefix: this.prefix }
    // Each pending connection adds a listener.
    setMaxListeners(0, this.#closing.signal)
    this.#connect = connectorFor(endpoint, identity, {
      timeout: connectTimeout,
      proxy,
      onPeer: (peer) => (this.#peer = peer),
      onProcess: (ended) => {
        this.#processes.add(ended)
        void ended.then(() => this.#processes.delete(ended))
      },
    })
    this.#watch = endpoint.kind === 'tls' ? new PeerWatch(() => this.#probe()) : undefined
    const connectWith =
      ({ onlyDockerd, ...needs }: ConnectionNeeds & PoolNeeds): NonNullable<UndiciPool.Options['connect']> =>
      (options, callback) => {
        const { timeout } = options as object as WatchedOptions
        const connecting = this.#connect(this.#closing.signal, { ...needs, timeout })
        const ready = onlyDockerd ? connecting.then((socket) => checkDockerd(socket, this.#target, this)) : connecting
        ready.then(
          (socket) => {
            this.#watch?.add(socket as CountedSocket)
            callback(null, socket as never)
          },
          (error: Error) => callback(error, null),
        )
      }
    // The lanes have different time-outs: a stream may be silent for hours.
    const ssh = endpoint.kind === 'ssh'
    const shared = { factory: watchedClient, pipelining: 1, ...(ssh && { keepAliveTimeout: SSH_IDLE_MS }) }
    const patience = { connections: null, headersTimeout: 0, bodyTimeout: 0 }
    const newPool = (options: UndiciPool.Options): UndiciPool => {
      const pool = new Pool(this.origin, { ...shared, ...options })
      for (const event of POOL_EVENTS) {
        ;(pool as EventEmitter).on(event, (...args) => (this as EventEmitter).emit(event, ...args))
      }
      return pool
    }
    this.#pools = new PoolsOfCallers((needs) => {
      const connect = connectWith(needs)
      const shortPool = (connections: number): BoundedPool => ({
        connections,
        create: () => newPool({ connect, connections, headersTimeout: RESPONSE_TIMEOUT_MS }),
      })
      return {
        short: new ShortQueue({
          main: shortPool(ssh ? SHORT_SSH_CONNECTIONS : SHORT_CONNECTIONS),
          overflow: shortPool(ssh ? OVERFLOW_SSH_CONNECTIONS : OVERFLOW_CONNECTIONS),
          connectTimeout,
          target: this.#target.name,
          describe: (request) => this.#describe(request),
          onDrain: () => (this as EventEmitter).emit('drain', new URL(this.origin), [this]),
        }),
        patient: newPool({ ...patience, connect }),
        // Only the end of TLS tells that such a stream is complete. HTTP/2 and web sockets have an end of their own.
        hijacked: newPool({ ...patience, connect: connectWith({ ...needs, cleanEnd: true }) }),
      }
    })
    // compose() returns a Proxy, on which methods can't access private fields.
    this.close = this.close.bind(this)
    this.destroy = this.destroy.bind(this)
    this.open = this.open.bind(this)
  }

  /** The peer of the newest connection. Undefined before the first connection, and for local sockets and ssh. */
  get peer(): Peer | undefined {
    return this.#peer
  }

  /** Who connects; undefined for local sockets and ssh. @internal */
  get identity(): Identity | undefined {
    return this.#identity
  }

  /** The warnings of the identity, as data. @internal */
  get observations(): readonly Warning[] {
    return this.#identity?.observations ?? []
  }

  /** Aborts when `destroy()` is called. @internal */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /** Whether `close()` or `destroy()` was called. */
  get closed(): boolean {
    return this.#pools.closed
  }

  /** Whether `destroy()` was called. */
  get destroyed(): boolean {
    return this.#pools.destroyed
  }

  /** Sends one request. It fails with `ERR_WRONG_ORIGIN` if its target is another origin or outside the prefix. */
  override dispatch(options: UndiciDispatcher.DispatchOptions, handler: UndiciDispatcher.DispatchHandler): boolean {
    const core = toCoreHandler(handler)
    const refusal = refuseTarget(this.#target, options)
    if (refusal) {
      core.onError?.(refusal)
      return true
    }
    const path = options.path.slice(this.prefix.length + 1)
    const lane = chooseLane(options, path)
    // The daemon switches protocols at once, whatever follows.
    if (options.upgrade) options = { headersTimeout: RESPONSE_TIMEOUT_MS, ...options }
    const pool = this.#poolsOf(options)[options.upgrade === 'tcp' ? 'hijacked' : lane]
    const repeat = isRepeatable(options) ? pool : undefined
    const guarded = new GuardedHandler(core, this.#guardsFor(options, path, lane), options, repeat)
    return pool.dispatch(options, guarded as UndiciDispatcher.DispatchHandler)
  }

  /**
   * Opens one connection that no request of this dispatcher uses, for another HTTP client or for forwarding bytes. For
   * TLS, both sides have verified each other when it resolves. {@link DockerDispatcher.destroy} closes it at the
   * latest. The caller must add the endpoint's path prefix to its requests.
   *
   * @param signal - cancels a pending connection; the call rejects with the signal's reason
   * @throws {@link ConnectionError} as a request would, ERR_CLIENT_CLOSED after close() or destroy()
   * @throws {@link IdentityError} if the certificate files have changed and are no longer usable
   */
  async open(signal?: AbortSignal): Promise<Duplex> {
    signal?.throwIfAborted()
    if (this.closed || this.destroyed) throw this.#closedError()
    const linked = linkSignals(this.#closing.signal, signal)
    try {
      const socket = await this.#connect(linked.signal)
      if (linked.signal.aborted) socket.destroy()
      linked.signal.throwIfAborted()
      this.#track(socket)
      this.#watch?.add(socket as CountedSocket)
      return socket
    } finally {
      linked.unlink()
    }
  }

  /** @internal Opens a connection only to see whether it leads to dockerd. @throws {@link ConnectionError} ERR_SERVER_NOT_DOCKERD */
  async checkDockerd(): Promise<void> {
    const socket = await this.#connect(this.#closing.signal)
    await checkDockerd(socket, this.#target, this)
    socket.destroy()
  }

  /** Waits for running requests, then closes. An open stream delays it: see {@link DockerDispatcher.destroy}. */
  override close(): Promise<void>
  override close(callback: () => void): void
  override close(callback?: () => void): Promise<void> | void {
    const lanes = this.destroyed ? Promise.resolve() : this.#pools.close()
    return settleWith(this.#waitForProcesses(lanes), callback)
  }

  /** Aborts all requests and closes all connections immediately. */
  override destroy(): Promise<void>
  override destroy(error: Error | null): Promise<void>
  override destroy(callback: () => void): void
  override destroy(error: Error | null, callback: () => void): void
  override destroy(first?: Error | null | (() => void), second?: () => void): Promise<void> | void {
    const error = (typeof first === 'function' ? null : first) ?? this.#closedError()
    const callback = typeof first === 'function' ? first : second
    this.#closing.abort(error)
    for (const socket of this.#connections) socket.destroy(error)
    return settleWith(this.#waitForProcesses(this.#pools.destroy(error)), callback)
  }

  /** @internal Turns failures of an established connection into our errors, and returns other errors unchanged. */
  explain(error: unknown, request: string, idleTimeout?: number): unknown {
    const context = { target: this.#target.name, kind: this.endpoint.kind, proxy: this.#proxy, request, idleTimeout }
    return isConnectionFault(error) ? explainFault(error, context) : error
  }

  /** The endpoint, the peer and the state, without secrets. */
  toJSON(): object {
    const { endpoint, origin, closed, destroyed, peer } = this
    return { endpoint, origin, closed, destroyed, peer }
  }

  /** @internal */
  [INSPECT](_depth: number, options: object, inspect: (value: unknown, options: object) => string): string {
    return `DockerDispatcher ${inspect(this.toJSON(), options)}`
  }

  /** Formats a request for error messages. */
  #describe({ method, path }: RequestLine): string {
    return `${method} ${withoutVersion(path.slice(this.prefix.length))}`
  }

  /** Over ssh, connections are few and slow to open. Others are so many that callers needn't be told apart. */
  #poolsOf({ caller, onlyDockerd }: LaneDispatchOptions): Pools {
    return this.#pools.of({ caller: this.endpoint.kind === 'ssh' ? caller : undefined, onlyDockerd })
  }

  #guardsFor(options: UndiciDispatcher.DispatchOptions, path: string, lane: Lane): Guards {
    if (!requestChannel.hasSubscribers) return this.#guards
    const event = { target: this.#target.name, method: options.method, path: `/${path.replace(/\?.*/s, '')}`, lane }
    return {
      ...this.#guards,
      report: (outcome) => requestChannel.publish({ ...event, ...outcome } satisfies RequestEvent),
    }
  }

  /** Opens a connection only to see that somebody answers. */
  async #probe(): Promise<void> {
    const socket = await this.#connect(this.#closing.signal)
    socket.destroy()
  }

  /** Waits for the ssh processes as well, so that none outlives the client. */
  async #waitForProcesses(lanes: Promise<unknown>): Promise<void> {
    await lanes
    await Promise.all(this.#processes)
  }

  #track(socket: Duplex): void {
    // The reader of the stream handles the error. Without any 'error' listener, Node would end the process.
    socket.on('error', () => {})
    if (this.#closing.signal.aborted) socket.destroy(this.#closing.signal.reason as Error)
    this.#connections.add(socket)
    socket.once('close', () => this.#connections.delete(socket))
  }

  #closedError(): ConnectionError {
    const { code, got, todo } = CLOSED
    return new ConnectionError(code, { tried: `a request to ${this.#target.name}`, got, todo })
  }
}
Object.assign(DockerDispatcher.prototype, dispatcherMethods)

/** Only such a request may be sent twice (RFC 9110, section 9.2.2). PUT and DELETE are idempotent, but answer differently. */
function isRepeatable({ method, body, upgrade }: UndiciDispatcher.DispatchOptions): boolean {
  return (method === 'GET' || method === 'HEAD') && (body === undefined || body === null) && !upgrade
}

/** Returns the path as in the Engine API documentation, without version and query. The query may contain secrets. */
function withoutVersion(path: string): string {
  return path.replace(/\?.*/s, '').replace(/^\/v\d+\.\d+(?=\/)/, '')
}

function settleWith(all: Promise<unknown>, callback?: () => void): Promise<void> | void {
  const done = all.then(() => {})
  if (!callback) return done
  done.then(callback, callback)
}

/**
 * Creates the dispatcher for one endpoint. It opens no connection before the first request.
 *
 * @param endpoint - from {@link resolveEndpoint} or {@link parseHost}
 * @param identity - from {@link loadIdentity}; required for a TLS endpoint
 * @returns an undici dispatcher, for undici's `request` and for global `fetch`
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID for an invalid endpoint, identity or proxy, and for a proxy with
 * an endpoint that can't use it; ERR_OPTION_UNKNOWN
 * @throws {@link EndpointError} ERR_HOST_INVALID for an ssh endpoint that {@link parseHost} would refuse
 * @throws {@link ConnectionError} ERR_CLIENT_CERT_REQUIRED for a TLS endpoint without an identity
 * @example
 * ```ts
 * const endpoint = await resolveEndpoint()
 * const identity = endpoint.certPath === undefined ? undefined : await loadIdentity(endpoint.certPath)
 * const dispatcher = createDispatcher(endpoint, identity)
 * const answer = await fetch(`${dispatcher.origin}/version`, { dispatcher } as object)
 * ```
 */
export function createDispatcher(
  endpoint: Endpoint,
  identity?: Identity,
  options: DispatcherOptions = {},
): DockerDispatcher {
  checkEndpoint(endpoint)
  checkIdentity(identity)
  const checked = checkDispatcherOptions(options)
  if (checked.proxy) refuseUnusedProxy(endpoint)
  return new DockerDispatcher(endpoint, identity, checked)
}
