import type { IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import { onAbort } from '../base/abort.ts'
import { ByteList } from '../base/byte-list.ts'
import { ConnectionError } from '../base/errors.ts'
import { answerTooLarge } from './answer-limit.ts'
import type { Handler } from './undici.ts'

/** Header fields of an answer, with lower-case names. */
export type AnswerHeaders = IncomingHttpHeaders

/** An answer with its complete body. */
export interface WireAnswer {
  readonly status: number
  readonly headers: AnswerHeaders
  readonly body: Buffer
}

const latin1 = (bytes: Buffer | undefined): string => bytes?.toString('latin1') ?? ''

function parseHeaders(raw: Buffer[]): AnswerHeaders {
  const headers: AnswerHeaders = {}
  for (let index = 0; index + 1 < raw.length; index += 2) {
    // Header fields are latin1 (RFC 9110, section 5.5), and decoding that is twice as fast as UTF-8.
    headers[latin1(raw[index]).toLowerCase()] = latin1(raw[index + 1])
  }
  return headers
}

function notUpgraded(status: number): ConnectionError {
  return new ConnectionError('ERR_SERVER_NOT_DOCKER', {
    tried: 'upgrading a connection to a bidirectional stream',
    got: `the answer has status ${status} instead of 101`,
    todo: 'Configure the proxy in between to forward the headers Connection and Upgrade, or connect without it.',
  })
}

interface Callbacks {
  readonly resolve: (answer: WireAnswer) => void
  readonly reject: (reason: unknown) => void
  /** Why so many more bytes may not be kept. */
  readonly refuse?: (bytes: number) => Error | undefined
  /** Set for upgrade requests. Receives the connection after the daemon has switched protocols. */
  readonly upgraded?: (socket: Duplex, headers: AnswerHeaders) => void
}

/** Collects one answer. When the signal aborts, it rejects immediately with the signal's reason. */
export class Collector implements Handler {
  readonly #body = new ByteList()
  readonly #limit: number
  readonly #callbacks: Callbacks
  readonly #signal: AbortSignal | undefined
  #abort: ((reason?: Error) => void) | undefined
  /** The request was given up, perhaps while it was waiting for a connection. It must not be sent any more. */
  #abandoned: { readonly reason: Error } | undefined
  #status = 0
  #headers: Buffer[] = []

  /** @param limit - the longest answer, in bytes */
  constructor(callbacks: Callbacks, signal: AbortSignal | undefined, limit: number) {
    this.#callbacks = callbacks
    this.#limit = limit
    this.#signal = signal
    if (signal) onAbort(signal, this.#aborted)
  }

  readonly #aborted = (): void => {
    const reason = this.#signal?.reason as Error
    this.#abandoned = { reason }
    this.#finish()
    this.#callbacks.reject(reason)
    this.#abort?.(reason)
  }

  onConnect(abort: (reason?: Error) => void): void {
    if (this.#abandoned) abort(this.#abandoned.reason)
    else this.#abort = abort
  }

  onUpgrade(_status: number, headers: Buffer[], socket: unknown): void {
    this.#finish()
    this.#callbacks.upgraded?.(socket as Duplex, parseHeaders(headers))
  }

  onHeaders(status: number, headers: Buffer[]): boolean {
    // The body of such an answer may never end.
    if (this.#callbacks.upgraded && status >= 200 && status < 400) this.#abort?.(notUpgraded(status))
    this.#status = status
    this.#headers = headers
    return true
  }

  onData(chunk: Buffer): boolean {
    const refused = this.#callbacks.refuse?.(chunk.length)
    if (refused) {
      this.#abort?.(refused)
      return true
    }
    this.#body.push(chunk)
    if (this.#body.size > this.#limit) this.#abort?.(answerTooLarge(`it has more than ${this.#limit} bytes`))
    return true
  }

  onComplete(): void {
    this.#finish()
    this.#callbacks.resolve({
      status: this.#status,
      headers: parseHeaders(this.#headers),
      body: this.#body.take(),
    })
  }

  onError(error: Error): void {
    this.#finish()
    this.#callbacks.reject(error)
  }

  #finish(): void {
    this.#signal?.removeEventListener('abort', this.#aborted)
  }
}
