import type { Duplex, Readable } from 'node:stream'
import { Collector, type AnswerHeaders, type WireAnswer } from './collector.ts'
import type { DockerDispatcher } from './dispatcher.ts'
import type { Lane, LaneDispatchOptions } from './lanes.ts'
import { allowManyListeners, unlessAborted, type TimeLimit } from '../base/abort.ts'
import { inTime } from './time-limits.ts'

/** One request. Its path is complete and encoded. */
export interface WireRequest {
  readonly method: string
  readonly path: string
  /** If absent, the dispatcher chooses the lane by method and path. */
  readonly lane?: Lane | undefined
  /** For whom a gateway sends it. */
  readonly caller?: string | undefined
  /** No other daemon than dockerd may get it. */
  readonly onlyDockerd?: boolean | undefined
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string | Uint8Array | Readable
  readonly signal?: AbortSignal | undefined
  /** The time limit from the beginning to the end, with everything that is read from the answer. */
  readonly limit?: TimeLimit | undefined
  /** Aborts when the reader closes the answer, even before it has begun. */
  readonly closed?: AbortSignal | undefined
  /** For {@link collect}: asked before so many more bytes of the answer are kept, why that may not be. */
  readonly refuse?: ((bytes: number) => Error | undefined) | undefined
  /** How long the daemon may neither send nor accept a byte, in milliseconds; 0 for as long as it wants. */
  readonly idleTimeout?: number | undefined
}

/** An answer with its body as a stream. */
export interface StreamedAnswer {
  readonly status: number
  readonly headers: AnswerHeaders
  readonly body: Readable
}

/** A connection after an upgrade: bytes in both directions, each of which can end first. */
export interface Hijacked {
  readonly headers: AnswerHeaders
  readonly socket: Duplex
}

/** undici refreshes both whenever something is sent or arrives, and doesn't count the time in which we don't read. */
export function idleOptions({ idleTimeout }: WireRequest): Partial<LaneDispatchOptions> | undefined {
  if (idleTimeout === undefined) return undefined
  // The last one is for errors.
  return { headersTimeout: idleTimeout, bodyTimeout: idleTimeout, idleTimeout }
}

function dispatchOptions(dispatcher: DockerDispatcher, request: WireRequest): LaneDispatchOptions {
  return {
    lane: request.lane,
    caller: request.caller,
    onlyDockerd: request.onlyDockerd,
    origin: dispatcher.origin,
    path: dispatcher.prefix + request.path,
    method: request.method,
    body: request.body ?? null,
    ...(request.headers && { headers: request.headers }),
    ...idleOptions(request),
    // By default, undici closes the connection after a HEAD request.
    reset: false,
  }
}

/** Sends a request and reads the complete answer, for calls with small answers. */
export function collect(dispatcher: DockerDispatcher, request: WireRequest): Promise<WireAnswer> {
  return inTime(request, (limited) => collectNow(dispatcher, limited))
}

function collectNow(dispatcher: DockerDispatcher, request: WireRequest): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    request.signal?.throwIfAborted()
    const callbacks = { resolve, reject, ...(request.refuse && { refuse: request.refuse }) }
    const collector = new Collector(callbacks, request.signal, dispatcher.maxAnswerBytes)
    dispatcher.dispatch(dispatchOptions(dispatcher, request), collector)
  })
}

/**
 * Sends a request that takes over its connection (RFC 9110, section 7.8). Resolves with the connection, or with the
 * answer if the daemon refuses the upgrade.
 *
 * @param protocol - for the header field Upgrade
 */
export function hijack(
  dispatcher: DockerDispatcher,
  request: WireRequest,
  protocol: 'tcp' | 'h2c',
): Promise<Hijacked | WireAnswer> {
  const socketOf = (answer: Hijacked | WireAnswer): Duplex | undefined =>
    'socket' in answer ? answer.socket : undefined
  return inTime(request, (limited) => hijackNow(dispatcher, limited, protocol), socketOf)
}

function hijackNow(
  dispatcher: DockerDispatcher,
  request: WireRequest,
  protocol: 'tcp' | 'h2c',
): Promise<Hijacked | WireAnswer> {
  return new Promise((resolve, reject) => {
    request.signal?.throwIfAborted()
    const upgraded = (socket: Duplex, headers: AnswerHeaders): void => resolve({ socket, headers })
    const collector = new Collector({ resolve, reject, upgraded }, request.signal, dispatcher.maxAnswerBytes)
    dispatcher.dispatch({ ...dispatchOptions(dispatcher, request), upgrade: protocol }, collector)
  })
}

/** Sends a request and returns its body as a stream, with back-pressure. */
export function open(dispatcher: DockerDispatcher, request: WireRequest): Promise<StreamedAnswer> {
  return inTime(
    request,
    (limited) => openNow(dispatcher, limited),
    ({ body }) => body,
  )
}

async function openNow(dispatcher: DockerDispatcher, request: WireRequest): Promise<StreamedAnswer> {
  request.signal?.throwIfAborted()
  // undici listens before we do.
  if (request.signal) allowManyListeners(request.signal)
  const options = { ...dispatchOptions(dispatcher, request), ...(request.signal && { signal: request.signal }) }
  // undici handles an abort only after the request has a connection, so a hanging handshake would delay it.
  const { statusCode, headers, body } = await unlessAborted(dispatcher.request(options), request.signal)
  // undici emits 'error' when a body is destroyed early. A reader that has stopped no longer listens, and Node would
  // end the process.
  body.on('error', () => {})
  return { status: statusCode, headers, body }
}
