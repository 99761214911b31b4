import { setMaxListeners } from 'node:events'
import type { Duplex, Readable } from 'node:stream'
import { formatEndpoint } from '../endpoint/endpoint.ts'
import { Collector, type AnswerHeaders, type WireAnswer } from './collector.ts'
import type { DockerDispatcher } from './dispatcher.ts'
import type { Lane, LaneDispatchOptions } from './lanes.ts'
import { unlessAborted } from '../base/abort.ts'

/** One request, its path complete and encoded. */
export interface WireRequest {
  readonly method: string
  readonly path: string
  /** Left out where the caller doesn't know it: the dispatcher then decides by method and path. */
  readonly lane?: Lane | undefined
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string | Uint8Array | Readable
  readonly signal?: AbortSignal | undefined
  /** For connection and whole answer together, in milliseconds: what trickles satisfies every other time-out. */
  readonly deadline?: number | undefined
}

/** An answer whose body is still to come. */
export interface StreamedAnswer {
  readonly status: number
  readonly headers: AnswerHeaders
  readonly body: Readable
}

/** A connection that has left HTTP: bytes in both directions, each of which may end before the other. */
export interface Hijacked {
  readonly headers: AnswerHeaders
  readonly socket: Duplex
}

function dispatchOptions(dispatcher: DockerDispatcher, request: WireRequest): LaneDispatchOptions {
  return {
    lane: request.lane,
    origin: dispatcher.origin,
    path: dispatcher.prefix + request.path,
    method: request.method,
    body: request.body ?? null,
    ...(request.headers && { headers: request.headers }),
    // undici closes the connection after a HEAD unless it is told that this server keeps to HTTP.
    reset: false,
  }
}

/** Node prints a warning from the eleventh listener of a signal on, and many calls may rightly share one. */
function allowSharing(signal: AbortSignal | undefined): void {
  if (signal instanceof EventTarget) setMaxListeners(0, signal)
}

/** Sends a request and reads its answer whole: for calls whose answer is small. */
export function collect(dispatcher: DockerDispatcher, request: WireRequest): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    request.signal?.throwIfAborted()
    allowSharing(request.signal)
    const collector = new Collector({ resolve, reject }, request.signal)
    if (request.deadline !== undefined) collector.endWithin(request.deadline, formatEndpoint(dispatcher.endpoint))
    dispatcher.dispatch(dispatchOptions(dispatcher, request), collector)
  })
}

/**
 * Sends a request that takes its connection over (RFC 9110, section 7.8), and hands the connection over, or the answer
 * that refuses it.
 *
 * @param protocol - for the header field Upgrade
 */
export function hijack(
  dispatcher: DockerDispatcher,
  request: WireRequest,
  protocol: 'tcp' | 'h2c',
): Promise<Hijacked | WireAnswer> {
  return new Promise((resolve, reject) => {
    request.signal?.throwIfAborted()
    allowSharing(request.signal)
    const upgraded = (socket: Duplex, headers: AnswerHeaders): void => resolve({ socket, headers })
    const collector = new Collector({ resolve, reject, upgraded }, request.signal)
    dispatcher.dispatch({ ...dispatchOptions(dispatcher, request), upgrade: protocol }, collector)
  })
}

/** Sends a request and hands over the body as it comes, with back-pressure. */
export async function open(dispatcher: DockerDispatcher, request: WireRequest): Promise<StreamedAnswer> {
  request.signal?.throwIfAborted()
  allowSharing(request.signal)
  const options = { ...dispatchOptions(dispatcher, request), ...(request.signal && { signal: request.signal }) }
  // undici minds an abort only once the request has a connection: a handshake that hangs would hold it up.
  const { statusCode, headers, body } = await unlessAborted(dispatcher.request(options), request.signal)
  // undici ends a body that is destroyed by an 'error': whoever has read enough listens no more, and it would end the process.
  body.on('error', () => {})
  return { status: statusCode, headers, body }
}
