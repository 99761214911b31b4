import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex, Writable } from 'node:stream'
import { isDockerMtlsError } from '../../base/errors.ts'
import type { DockerDispatcher } from '../../transport/dispatcher.ts'
import { laneOf, type Lane, type LaneDispatchOptions } from '../../transport/lanes.ts'
import { RESPONSE_TIMEOUT_MS } from '../../transport/tls-policy.ts'
import type { Handler } from '../../transport/undici.ts'
import { finish } from './answer.ts'
import { bodyStream } from '../arriving/body.ts'
import { fieldsForClient, fieldsForDaemon } from './fields.ts'
import { HeldAnswer, type Filter } from './held-answer.ts'
import { notDockerd, refusal, type Refusal } from '../refusal.ts'
import type { Upgrade } from '../arriving/screening.ts'
import type { ServedVersion } from './served-version.ts'

/** Without an upgrade, dockerd answers these with a stream that only the end of its connection ends. */
const ENDLESS = /^\/(?:v\d+(?:\.\d+)?\/)?(?:containers\/[^/?]+\/attach|exec\/[^/?]+\/start)(?:\?|$)/

function isEndless(method: string, target: string): boolean {
  return method === 'POST' && ENDLESS.test(target)
}

/** A request to the daemon, written anew. */
export interface Forwarded {
  /** Whose request it is. */
  readonly caller: string
  /** No other daemon may get it. */
  readonly onlyDockerd: boolean
  readonly method: string
  readonly target: string
  /** JSON. `unseen`: what arrives. */
  readonly body: Uint8Array | 'unseen' | undefined
  /** To what the client switches. */
  readonly upgrade: Upgrade | undefined
  readonly filter: Filter | undefined
  readonly served: ServedVersion
}

/** What becomes of the request, and of the daemon's answer. */
export interface Outcome {
  /** The daemon gets it next: there is a connection, and then, a stream begins. False: it must not get it any more. */
  readonly connected: () => boolean
  /** The daemon has not got it, as `connected` has said. */
  readonly stopped: () => void
  /** The daemon has switched protocols. */
  readonly upgraded: (fields: string[], socket: Duplex) => void
  /** For an answer that doesn't switch. */
  readonly response: () => ServerResponse
  /** The daemon couldn't be reached, or broke off. */
  readonly failed: (refused: Refusal, error: unknown) => void
}

/** Sends a request to the daemon, and its answer to the client. */
export function forward(
  dispatcher: DockerDispatcher,
  request: IncomingMessage,
  forwarded: Forwarded,
  outcome: Outcome,
): DaemonAnswer {
  const { caller, onlyDockerd, method, target } = forwarded
  const stream = forwarded.body === 'unseen' ? bodyStream(request) : undefined
  const body = forwarded.body === 'unseen' ? stream : forwarded.body
  const upgrade = forwarded.upgrade ?? (isEndless(method, target) ? 'tcp' : undefined)
  const handler = new DaemonAnswer(request, outcome, forwarded, stream)
  const options: LaneDispatchOptions = {
    lane: laneTo(dispatcher),
    caller,
    onlyDockerd,
    origin: dispatcher.origin,
    path: dispatcher.prefix + target,
    method,
    headers: fieldsForDaemon(request, { upgrade: forwarded.upgrade, body: stream ? 'stream' : body && 'json' }),
    body: body ?? null,
    reset: false,
    // As in the lane for short calls: a daemon that never answers must not keep a place for ever.
    ...(laneOf(method, target.slice(1)) === 'short' && { headersTimeout: RESPONSE_TIMEOUT_MS }),
    ...(upgrade !== undefined && { upgrade }),
  }
  dispatcher.dispatch(options, handler)
  return handler
}

/**
 * The lane for short calls has few connections. Each request gets one of its own instead, which the limits of an identity bound. Over
 * ssh, each connection costs a login: there, an identity has the few connections to itself.
 */
function laneTo({ endpoint }: DockerDispatcher): Lane | undefined {
  return endpoint.kind === 'ssh' ? undefined : 'patient'
}

/** Passes an answer of the daemon on, as fast as the client reads it. */
export class DaemonAnswer implements Handler {
  readonly #request: IncomingMessage
  readonly #outcome: Outcome
  #response: ServerResponse | undefined
  #abort: ((reason: Error) => void) | undefined
  #hasLeft = false
  #hasData = false
  readonly #filter: Filter | undefined
  readonly #served: ServedVersion
  readonly #body: Writable | undefined
  #held: HeldAnswer | undefined

  /** @param body - the stream of what arrives, if the daemon gets it */
  constructor(
    request: IncomingMessage,
    outcome: Outcome,
    { filter, served }: Pick<Forwarded, 'filter' | 'served'>,
    body?: Writable,
  ) {
    this.#request = request
    this.#outcome = outcome
    this.#filter = filter
    this.#served = served
    this.#body = body
  }

  /** The client has left: the daemon shall stop. */
  leave(): void {
    this.#hasLeft = true
    this.#stopWaiting()
    this.#abort?.(LEFT)
  }

  onConnect(abort: (reason?: Error) => void): void {
    this.#abort = abort
    if (this.#hasLeft) abort(LEFT)
    else if (!this.#outcome.connected()) abort(STOPPED)
    else if (this.#body && this.#request.complete) this.#request.pipe(this.#body)
    else if (this.#body) this.#request.once('readable', this.#begin)
  }

  /** Of a stream, undici sends nothing before its first bytes, not even the head: they may come much later than the connection. */
  readonly #begin = (): void => {
    if (!this.#body || this.#body.destroyed) return
    if (this.#outcome.connected()) this.#request.pipe(this.#body)
    else this.#abort?.(STOPPED)
  }

  /** A request that somebody waits to read doesn't flow. */
  #stopWaiting(): void {
    this.#request.off('readable', this.#begin)
  }

  onUpgrade(_status: number, headers: Buffer[], socket: unknown): void {
    this.#outcome.upgraded(fieldsForClient(headers, this.#served), socket as Duplex)
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void): boolean {
    // Node has sent `100 Continue` itself, and dockerd sends no other interim answer.
    if (status < 200) return true
    const fields = fieldsForClient(headers, this.#served)
    const response = (this.#response = this.#outcome.response())
    if (this.#filter && status === 200) {
      this.#held = new HeldAnswer(fields, this.#filter)
      return true
    }
    response.on('drain', resume)
    response.writeHead(status, fields)
    // With the first data, head and data are one packet. A stream may have none for hours.
    setImmediate(() => {
      if (!this.#hasData && !response.writableEnded && !response.destroyed) response.flushHeaders()
    })
    return true
  }

  onData(chunk: Buffer): boolean {
    this.#hasData = true
    if (this.#held) {
      if (!this.#held.take(chunk)) this.#abort?.(TOO_LARGE)
      return true
    }
    return this.#response?.write(chunk) === true
  }

  onComplete(): void {
    this.#stopWaiting()
    if (this.#held && this.#response) void this.#writeFiltered(this.#held, this.#response)
    else if (this.#response) finish(this.#request, this.#response)
  }

  /** Never rejects. */
  async #writeFiltered(held: HeldAnswer, response: ServerResponse): Promise<void> {
    try {
      const { fields, body } = await held.filtered()
      if (this.#hasLeft) return
      response.writeHead(200, fields)
      response.write(body)
      finish(this.#request, response)
    } catch (error) {
      if (this.#hasLeft) return
      this.#outcome.failed(refusal(502, 'DAEMON_UNREACHABLE', "the answer of the daemon can't be filtered"), error)
    }
  }

  onError(error: Error): void {
    this.#stopWaiting()
    if (this.#hasLeft) return
    if (error === STOPPED) return this.#outcome.stopped()
    // Of an answer that was held, nothing has been sent.
    if (this.#response && !this.#held) this.#response.destroy()
    this.#outcome.failed(describe(error), error)
  }
}

const LEFT = new Error('the client left')
const STOPPED = new Error('it must not be sent any more')
const TOO_LARGE = new Error('the answer is too large to be filtered')

function describe(error: Error): Refusal {
  if (!isDockerMtlsError(error)) return refusal(502, 'DAEMON_UNREACHABLE', 'the daemon broke off')
  const { code, message } = error
  if (code === 'ERR_SERVER_NOT_DOCKERD') return notDockerd(error)
  if (code === 'ERR_WRONG_ORIGIN') return refusal(400, 'MALFORMED_REQUEST', 'the request target has dot segments')
  return refusal(502, 'DAEMON_UNREACHABLE', `${code}: ${message}`)
}
