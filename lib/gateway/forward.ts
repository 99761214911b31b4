import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import { isDockerMtlsError } from '../base/errors.ts'
import type { DockerDispatcher } from '../transport/dispatcher.ts'
import { laneOf, type Lane, type LaneDispatchOptions } from '../transport/lanes.ts'
import { RESPONSE_TIMEOUT_MS } from '../transport/tls-policy.ts'
import type { Handler } from '../transport/undici.ts'
import { finish } from './answer.ts'
import { fieldsForClient } from './fields.ts'
import { HeldAnswer, type Filter } from './held-answer.ts'
import { refusal, type Refusal } from './refusal.ts'

/** Without an upgrade, dockerd answers these with a stream that only the end of its connection ends. */
const ENDLESS = /^\/(?:v\d+(?:\.\d+)?\/)?(?:containers\/[^/?]+\/attach|exec\/[^/?]+\/start)(?:\?|$)/

export function isEndless(method: string, target: string): boolean {
  return method === 'POST' && ENDLESS.test(target)
}

/** A request to the daemon, written anew. */
export interface Forwarded {
  /** Whose request it is. */
  readonly caller: string
  readonly method: string
  readonly target: string
  /** Names and values in turns. */
  readonly fields: string[]
  readonly body: Uint8Array | Readable | undefined
  readonly upgrade: string | undefined
  readonly filter: Filter | undefined
}

/** What becomes of the daemon's answer. */
export interface Outcome {
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
  const { caller, method, target, fields, body, upgrade, filter } = forwarded
  const handler = new DaemonAnswer(request, outcome, filter)
  const options: LaneDispatchOptions = {
    lane: laneTo(dispatcher),
    caller,
    origin: dispatcher.origin,
    path: dispatcher.prefix + target,
    method,
    headers: fields,
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
  #held: HeldAnswer | undefined

  constructor(request: IncomingMessage, outcome: Outcome, filter?: Filter) {
    this.#request = request
    this.#outcome = outcome
    this.#filter = filter
  }

  /** The client has left: the daemon shall stop. */
  leave(): void {
    this.#hasLeft = true
    this.#abort?.(LEFT)
  }

  onConnect(abort: (reason?: Error) => void): void {
    this.#abort = abort
    if (this.#hasLeft) abort(LEFT)
  }

  onUpgrade(_status: number, headers: Buffer[], socket: unknown): void {
    this.#outcome.upgraded(fieldsForClient(headers), socket as Duplex)
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void): boolean {
    // Node has sent `100 Continue` itself, and dockerd sends no other interim answer.
    if (status < 200) return true
    const response = (this.#response = this.#outcome.response())
    if (this.#filter && status === 200) {
      this.#held = new HeldAnswer(fieldsForClient(headers), this.#filter)
      return true
    }
    response.on('drain', resume)
    response.writeHead(status, fieldsForClient(headers))
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
    if (this.#hasLeft) return
    // Of an answer that was held, nothing has been sent.
    if (this.#response && !this.#held) this.#response.destroy()
    this.#outcome.failed(describe(error), error)
  }
}

const LEFT = new Error('the client left')
const TOO_LARGE = new Error('the answer is too large to be filtered')

function describe(error: Error): Refusal {
  if (!isDockerMtlsError(error)) return refusal(502, 'DAEMON_UNREACHABLE', 'the daemon broke off')
  const { code, message } = error
  if (code === 'ERR_WRONG_ORIGIN') return refusal(400, 'MALFORMED_REQUEST', 'the request target has dot segments')
  return refusal(502, 'DAEMON_UNREACHABLE', `${code}: ${message}`)
}
