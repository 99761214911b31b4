import { setMaxListeners, type EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import type { Dispatcher as UndiciDispatcher, Pool as UndiciPool } from 'undici'
import { formatEndpoint, type Endpoint } from '../endpoint/endpoint.ts'
import { refuseUnusedProxy } from '../endpoint/proxy.ts'
import { linkSignals } from '../base/abort.ts'
import { ConnectionError } from '../base/errors.ts'
import type { Warning } from '../base/warning.ts'
import type { Identity } from '../identity/identity.ts'
import type { Connect } from './connect.ts'
import { connectorFor } from './connector.ts'
import { checkEndpoint, checkIdentity } from './dispatcher-arguments.ts'
import { checkDispatcherOptions, type CheckedOptions, type DispatcherOptions } from './dispatcher-options.ts'
import { requestChannel, type RequestEvent } from './diagnostics.ts'
import { explainFault, isConnectionFault } from './faults.ts'
import { GuardedHandler, type Guards } from './handler.ts'
import { chooseLane, type Lane } from './lanes.ts'
import { originOf, prefixOf } from './origin.ts'
import type { Peer } from './peer.ts'
import { RESPONSE_TIMEOUT_MS } from './tls-policy.ts'
import { refuseRedirect, refuseTarget, type Target } from './target.ts'
import { Dispatcher, dispatcherMethods, Pool, toCoreHandler } from './undici.ts'

/** More connections than this cost handshakes and memory and bring no speed (measured: README, "Speed"). */
const SHORT_CONNECTIONS = 16
/** Each of these is a process on either side, and a login. */
const SHORT_SSH_CONNECTIONS = 4
/** A login takes far longer than a TLS handshake, and an idle one costs a process, not a place in the daemon. In milliseconds. */
const SSH_IDLE_MS = 60_000

/** How util.inspect asks an object for its own words (Node, util.inspect.custom). */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/** What undici tells of a pool; 'drain' is awaited by whoever minds that dispatch() returned false. */
const EVENTS = ['connect', 'disconnect', 'connectionError', 'drain'] as const

/**
 * An undici dispatcher to one daemon and to nothing else: it refuses other origins and redirects, speaks verified
 * TLS or a local socket, and keeps short calls apart from streams that stay open.
 *
 * Made by {@link createDispatcher}.
 */
export class DockerDispatcher extends Dispatcher {
  /** The daemon that this dispatcher connects to. */
  readonly endpoint: Endpoint
  /** What to put before a path: `https://build01:2376`, or `http://localhost` for a socket. */
  readonly origin: string
  /** The endpoint's own prefix, `''` where it has none. */
  readonly prefix: string
  readonly #lanes: Record<Lane, UndiciPool>
  readonly #connect: Connect
  readonly #identity: Identity | undefined
  readonly #target: Target
  readonly #closing = new AbortController()
  readonly #guards: Guards = {
    explain: (error, { method, path }) => {
      const request = `${method} ${withoutVersion(path.slice(this.prefix.length))}`
      return this.explain(error, request) as Error
    },
    upgraded: (socket) => this.#keep(socket),
    refuse: (status) => refuseRedirect(this.#target, status),
  }
  /** Hijacked connections, which undici lets go of, and those that were handed out by open(). */
  readonly #kept = new Set<Duplex>()
  /** The end of each ssh that runs. */
  readonly #processes = new Set<Promise<unknown>>()
  /** Its name, for messages. */
  readonly #proxy: string | undefined
  #peer: Peer | undefined

  /** @internal */
  constructor(endpoint: Endpoint, identity: Identity | undefined, { connectTimeout, proxy }: CheckedOptions) {
    super()
    this.endpoint = endpoint
    this.origin = originOf(endpoint)
    this.prefix = prefixOf(endpoint)
    this.#proxy = proxy?.name
    this.#identity = identity
    this.#target = { name: formatEndpoint(endpoint), origin: this.origin, prefix: this.prefix }
    // Each connection that is being made listens to it.
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
    const connect: UndiciPool.Options['connect'] = (_options, callback) => {
      this.#connect(this.#closing.signal).then(
        (socket) => callback(null, socket as never),
        (error: Error) => callback(error, null),
      )
    }
    // The time-outs are the lanes': a stream may rightly be silent for hours.
    const ssh = endpoint.kind === 'ssh'
    const shared = { connect, pipelining: 1, ...(ssh && { keepAliveTimeout: SSH_IDLE_MS }) }
    const connections = ssh ? SHORT_SSH_CONNECTIONS : SHORT_CONNECTIONS
    this.#lanes = {
      short: new Pool(this.origin, { ...shared, connections, headersTimeout: RESPONSE_TIMEOUT_MS }),
      patient: new Pool(this.origin, { ...shared, connections: null, headersTimeout: 0, bodyTimeout: 0 }),
    }
    for (const lane of Object.values(this.#lanes)) {
      for (const event of EVENTS)
        (lane as EventEmitter).on(event, (...told) => (this as EventEmitter).emit(event, ...told))
    }
    // compose() hands out a Proxy, from which private fields can't be reached.
    this.close = this.close.bind(this)
    this.destroy = this.destroy.bind(this)
    this.open = this.open.bind(this)
  }

  /** Who answered on the connection that was made last; undefined before the first, and for local sockets. */
  get peer(): Peer | undefined {
    return this.#peer
  }

  /** The warnings of the identity, as data. @internal */
  get observations(): readonly Warning[] {
    return this.#identity?.observations ?? []
  }

  /** Whether `close()` or `destroy()` was called. */
  get closed(): boolean {
    return this.#lanes.short.closed
  }

  /** Whether `destroy()` was called. */
  get destroyed(): boolean {
    return this.#lanes.short.destroyed
  }

  /** Sends one request. It fails with `ERR_WRONG_ORIGIN` if it would go to another origin or leave the prefix. */
  override dispatch(options: UndiciDispatcher.DispatchOptions, handler: UndiciDispatcher.DispatchHandler): boolean {
    const core = toCoreHandler(handler)
    const refusal = refuseTarget(this.#target, options)
    if (refusal) {
      core.onError?.(refusal)
      return true
    }
    const path = options.path.slice(this.prefix.length + 1)
    const lane = chooseLane(options, path)
    const guarded = new GuardedHandler(core, this.#guardsFor(options, path, lane), options)
    return this.#lanes[lane].dispatch(options, guarded as UndiciDispatcher.DispatchHandler)
  }

  /**
   * Opens one connection that no request of this dispatcher will ever use: for another HTTP client, or to hand bytes on.
   * It is ready when it comes, TLS verified by both sides, and ends with {@link DockerDispatcher.destroy} at the latest.
   * A path prefix of the endpoint is the caller's affair.
   *
   * @param signal - gives the connection up while it is being made, with its own reason
   * @throws {@link ConnectionError} as a request would, ERR_CLIENT_CLOSED after close() or destroy()
   * @throws {@link IdentityError} where the certificate files have changed into something that can't be used
   */
  async open(signal?: AbortSignal): Promise<Duplex> {
    signal?.throwIfAborted()
    if (this.closed || this.destroyed) throw this.#closed()
    const giveUp = linkSignals(this.#closing.signal, signal)
    try {
      const socket = await this.#connect(giveUp.signal)
      if (giveUp.signal.aborted) socket.destroy()
      giveUp.signal.throwIfAborted()
      this.#keep(socket)
      return socket
    } finally {
      giveUp.unlink()
    }
  }

  /** Lets running requests finish, then closes. An open stream keeps it waiting: see {@link DockerDispatcher.destroy}. */
  override close(): Promise<void>
  override close(callback: () => void): void
  override close(callback?: () => void): Promise<void> | void {
    const { short, patient } = this.#lanes
    const lanes = this.destroyed ? Promise.resolve() : Promise.all([short.close(), patient.close()])
    return settle(this.#whenQuiet(lanes), callback)
  }

  /** Ends every request and connection at once. */
  override destroy(): Promise<void>
  override destroy(error: Error | null): Promise<void>
  override destroy(callback: () => void): void
  override destroy(error: Error | null, callback: () => void): void
  override destroy(first?: Error | null | (() => void), second?: () => void): Promise<void> | void {
    const error = (typeof first === 'function' ? null : first) ?? this.#closed()
    const callback = typeof first === 'function' ? first : second
    this.#closing.abort(error)
    for (const socket of this.#kept) socket.destroy(error)
    const lanes = Promise.all([this.#lanes.short.destroy(error), this.#lanes.patient.destroy(error)])
    return settle(this.#whenQuiet(lanes), callback)
  }

  /** @internal What went wrong on a connection that stood, in our words; all else as it is. */
  explain(error: unknown, request: string): unknown {
    const known = { target: this.#target.name, kind: this.endpoint.kind, proxy: this.#proxy, request }
    return isConnectionFault(error) ? explainFault(error, known) : error
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

  #guardsFor(options: UndiciDispatcher.DispatchOptions, path: string, lane: Lane): Guards {
    if (!requestChannel.hasSubscribers) return this.#guards
    const event = { target: this.#target.name, method: options.method, path: `/${path.replace(/\?.*/s, '')}`, lane }
    return {
      ...this.#guards,
      report: (outcome) => requestChannel.publish({ ...event, ...outcome } satisfies RequestEvent),
    }
  }

  /** No process of ours outlives its client. */
  async #whenQuiet(lanes: Promise<unknown>): Promise<void> {
    await lanes
    await Promise.all(this.#processes)
  }

  #keep(socket: Duplex): void {
    // Whoever reads hears of it; an unheard 'error' would end the process.
    socket.on('error', () => {})
    if (this.#closing.signal.aborted) socket.destroy(this.#closing.signal.reason as Error)
    this.#kept.add(socket)
    socket.once('close', () => this.#kept.delete(socket))
  }

  #closed(): ConnectionError {
    return new ConnectionError('ERR_CLIENT_CLOSED', {
      tried: `a request to ${this.#target.name}`,
      got: 'the client is closed',
      todo: 'Close the client after its last request, or connect again.',
    })
  }
}
Object.assign(DockerDispatcher.prototype, dispatcherMethods)

/** A path as the Engine API's documentation has it: without the version, and without the query, which may hold secrets. */
function withoutVersion(path: string): string {
  return path.replace(/\?.*/s, '').replace(/^\/v\d+\.\d+(?=\/)/, '')
}

function settle(all: Promise<unknown>, callback?: () => void): Promise<void> | void {
  const done = all.then(() => {})
  if (!callback) return done
  done.then(callback, callback)
}

/**
 * Makes the dispatcher for one endpoint. It opens no connection before the first request.
 *
 * @param endpoint - from {@link resolveEndpoint} or {@link parseHost}
 * @param identity - from {@link loadIdentity}; required for a TLS endpoint
 * @returns an undici dispatcher, for undici's `request` and for global `fetch`
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID for an endpoint or identity that isn't one and for a proxy
 * that is none or of no use, ERR_OPTION_UNKNOWN
 * @throws {@link EndpointError} ERR_HOST_INVALID for an ssh endpoint with what {@link parseHost} refuses
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
