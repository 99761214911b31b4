import type { IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import { ConnectionError } from '../base/errors.ts'
import type { Handler } from './undici.ts'

/** Header fields of an answer, their names in lower case. */
export type AnswerHeaders = IncomingHttpHeaders

/** An answer that was read whole. */
export interface WireAnswer {
  readonly status: number
  readonly headers: AnswerHeaders
  readonly body: Buffer
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

/** No answer of a short call comes near: `GET /containers/json` of 10,000 containers has 20 MB. In bytes. */
const LONGEST_ANSWER = 256 * 1024 * 1024

function tooLong(): ConnectionError {
  return new ConnectionError('ERR_SERVER_NOT_DOCKER', {
    tried: 'reading the whole answer',
    got: `it is longer than ${LONGEST_ANSWER} bytes, which no Docker daemon sends`,
    todo: 'Check which program listens at that address.',
  })
}

function tooLate(target: string): ConnectionError {
  return new ConnectionError('ERR_RESPONSE_TIMEOUT', {
    tried: `sending a request to ${target}`,
    got: 'the complete answer did not arrive in time',
    todo: 'Check the load of the daemon, and the firewalls and proxies in between.',
  })
}

function notUpgraded(status: number): ConnectionError {
  return new ConnectionError('ERR_SERVER_NOT_DOCKER', {
    tried: 'upgrading a connection to a stream in both directions',
    got: `the answer has status ${status} instead of 101`,
    todo: 'Configure the proxy in between to forward the headers Connection and Upgrade, or connect without it.',
  })
}

interface Settle {
  readonly resolve: (answer: WireAnswer) => void
  readonly reject: (reason: unknown) => void
  /** For a request that asks for an upgrade: is handed the connection when the daemon has left HTTP. */
  readonly upgraded?: (socket: Duplex, headers: AnswerHeaders) => void
}

/** Collects one answer; aborts for the caller's own reason, and at once. */
export class Collector implements Handler {
  readonly #chunks: Buffer[] = []
  #size = 0
  readonly #settled: Settle
  readonly #signal: AbortSignal | undefined
  #abort: ((reason?: Error) => void) | undefined
  #timer: NodeJS.Timeout | undefined
  #status = 0
  #headers: Buffer[] = []

  constructor(settled: Settle, signal: AbortSignal | undefined) {
    this.#settled = settled
    this.#signal = signal
    signal?.addEventListener('abort', this.#aborted)
  }

  readonly #aborted = (): void => {
    this.#finish()
    this.#settled.reject(this.#signal?.reason)
    this.#abort?.(this.#signal?.reason)
  }

  onConnect(abort: (reason?: Error) => void): void {
    if (this.#signal?.aborted) abort(this.#signal.reason)
    else this.#abort = abort
  }

  onUpgrade(_status: number, headers: Buffer[], socket: unknown): void {
    this.#finish()
    this.#settled.upgraded?.(socket as Duplex, toHeaders(headers))
  }

  onHeaders(status: number, headers: Buffer[]): boolean {
    // Its body may never end.
    if (this.#settled.upgraded && status >= 200 && status < 400) this.#abort?.(notUpgraded(status))
    this.#status = status
    this.#headers = headers
    return true
  }

  onData(chunk: Buffer): boolean {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#size > LONGEST_ANSWER) this.#abort?.(tooLong())
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

  /** Gives the answer up after so many milliseconds. */
  endWithin(milliseconds: number, target: string): void {
    this.#timer = setTimeout(() => {
      const error = tooLate(target)
      this.onError(error)
      this.#abort?.(error)
    }, milliseconds)
  }

  #finish(): void {
    clearTimeout(this.#timer)
    this.#signal?.removeEventListener('abort', this.#aborted)
  }
}
