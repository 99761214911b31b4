import { setMaxListeners } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { ArgumentError } from '../errors.ts'
import type { DockerDispatcher } from './dispatcher.ts'
import type { Handler } from './undici.ts'

/** Header fields of an answer, their names in lower case. */
export type AnswerHeaders = IncomingHttpHeaders

/** One request, its path complete and encoded. */
export interface WireRequest {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | Readable
  readonly signal?: AbortSignal | undefined
  /** Until the head of the answer, in milliseconds; the lane's own where it is left out. */
  readonly timeout?: number | undefined
}

/** An answer that was read whole. */
export interface WireAnswer {
  readonly status: number
  readonly headers: AnswerHeaders
  readonly body: Buffer
}

/** An answer whose body is still to come. */
export interface StreamedAnswer {
  readonly status: number
  readonly headers: AnswerHeaders
  readonly body: Readable
}

function dispatchOptions(dispatcher: DockerDispatcher, request: WireRequest): Dispatcher.DispatchOptions {
  return {
    origin: dispatcher.origin,
    path: dispatcher.prefix + request.path,
    method: request.method,
    body: request.body ?? null,
    ...(request.headers && { headers: request.headers }),
    ...(request.timeout !== undefined && { headersTimeout: request.timeout, bodyTimeout: request.timeout }),
    // undici closes the connection after a HEAD unless it is told that this server keeps to HTTP.
    reset: false,
  }
}

const latin1 = (bytes: Buffer | undefined): string => bytes?.toString('latin1') ?? ''

function toHeaders(raw: Buffer[]): AnswerHeaders {
  const headers: AnswerHeaders = {}
  for (let index = 0; index + 1 < raw.length; index += 2) {
    // latin1 is what header fields are (RFC 9110, section 5.5), and twice as fast as UTF-8 here.
    headers[latin1(raw[index]).toLowerCase()] = latin1(raw[index + 1])
  }
  return headers
}

interface Settle {
  readonly resolve: (answer: WireAnswer) => void
  readonly reject: (reason: unknown) => void
}

/** Collects one answer; aborts for the caller's own reason, and at once. */
class Collector implements Handler {
  readonly #chunks: Buffer[] = []
  readonly #settled: Settle
  readonly #signal: AbortSignal | undefined
  #abort: ((reason?: Error) => void) | undefined
  #status = 0
  #headers: Buffer[] = []

  constructor(settled: Settle, signal: AbortSignal | undefined) {
    this.#settled = settled
    this.#signal = signal
    signal?.addEventListener('abort', this.#aborted)
  }

  readonly #aborted = (): void => {
    this.#settled.reject(this.#signal?.reason)
    this.#abort?.(this.#signal?.reason)
  }

  onConnect(abort: (reason?: Error) => void): void {
    if (this.#signal?.aborted) abort(this.#signal.reason)
    else this.#abort = abort
  }

  onHeaders(status: number, headers: Buffer[]): boolean {
    this.#status = status
    this.#headers = headers
    return true
  }

  onData(chunk: Buffer): boolean {
    this.#chunks.push(chunk)
    return true
  }

  onComplete(): void {
    this.#finish()
    const body = this.#chunks.length === 1 ? this.#chunks[0] : undefined
    this.#settled.resolve({
      status: this.#status,
      headers: toHeaders(this.#headers),
      body: body ?? Buffer.concat(this.#chunks),
    })
  }

  onError(error: Error): void {
    this.#finish()
    this.#settled.reject(error)
  }

  #finish(): void {
    this.#signal?.removeEventListener('abort', this.#aborted)
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
    dispatcher.dispatch(dispatchOptions(dispatcher, request), collector)
  })
}

/** Sends a request and hands over the body as it comes, with back-pressure. */
export async function open(dispatcher: DockerDispatcher, request: WireRequest): Promise<StreamedAnswer> {
  request.signal?.throwIfAborted()
  allowSharing(request.signal)
  const options = { ...dispatchOptions(dispatcher, request), ...(request.signal && { signal: request.signal }) }
  const { statusCode, headers, body } = await dispatcher.request(options)
  // undici ends a body that is destroyed by an 'error': whoever has read enough listens no more, and it would end the process.
  body.on('error', () => {})
  return { status: statusCode, headers, body }
}

/** What may be sent as a body: a thing to be written as JSON, or bytes as they are. */
export type RequestBody = object | string | Uint8Array | Readable | AsyncIterable<Uint8Array>

/** Body and content type of a request. A string or bytes go as they are; every other object goes as JSON. */
export function encodeBody(body: RequestBody | undefined): Pick<WireRequest, 'body' | 'headers'> {
  if (body === undefined) return {}
  if (typeof body === 'string' || body instanceof Uint8Array || body instanceof Readable) return { body }
  if (Symbol.asyncIterator in body) return { body: Readable.from(body) }
  try {
    return { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  } catch (cause) {
    throw new ArgumentError('ERR_ARGUMENT_INVALID', {
      tried: 'writing a request body as JSON',
      got: (cause as Error).message.split('\n')[0] ?? '',
      todo: 'Pass plain data: no cycles, no BigInt.',
      cause,
    })
  }
}
