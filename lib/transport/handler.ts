import type { Duplex } from 'node:stream'
import type { Dispatcher as UndiciDispatcher } from 'undici'
import { codeOf } from '../base/system-error.ts'
import type { AnswerHead } from './answer-end.ts'
import type { Handler } from './undici.ts'

type Options = UndiciDispatcher.DispatchOptions
type Repeat = Pick<UndiciDispatcher, 'dispatch'>

/** Method and path of a request, as passed to the dispatcher. */
export interface RequestLine {
  readonly method: string
  readonly path: string
  /** The longest silence, in milliseconds, if the caller of the client set one or the operation has one. */
  readonly idleTimeout?: number | undefined
}

export interface Guards {
  /** Turns a connection error into one of this package. */
  readonly explain: (error: unknown, request: RequestLine) => Error
  /** Returns an error if the answer must not be used. */
  readonly refuse: (answer: AnswerHead) => Error | undefined
  /** Receives the socket of a hijacked connection. */
  readonly upgraded?: (socket: Duplex) => void
  /** Receives the status of the answer, or the error of the request. */
  readonly report?: (outcome: { status: number } | { error: unknown }) => void
}

/** The place of a request among those that share connections. */
export interface Place {
  /** The request has an open connection, and is sent now. */
  sent(): void
  /** The request has ended, and was perhaps never sent. */
  ended(error?: Error): void
}

/**
 * How many bytes a slow reader gets before the connection is paused. When undici 7 resumes, it puts the bytes that it
 * has already read back in front of the next 64 KiB (client-h1.js, resume() and execute()). Pausing for every chunk
 * would keep more and more bytes, and copy all of them for each chunk.
 */
const PAUSE_BYTES = 256 * 1024

/**
 * Sits between undici and the caller's handler: turns redirects into errors, explains errors, and limits what is
 * buffered for slow readers.
 */
export class GuardedHandler implements Handler {
  /** Set by the queue of the request. */
  place: Place | undefined
  readonly #handler: Handler
  readonly #guards: Guards
  readonly #repeat: Repeat | undefined
  readonly #request: Options
  /** Bytes delivered since the connection was last resumed. */
  #delivered = 0
  #abort: (reason?: Error) => void = () => {}
  /** The reason with which the caller or a guard aborted the request. It is passed on unchanged. */
  #abortReason: Error | undefined
  /** Its connection had carried other requests before. */
  #isReused = false
  #isAnswered = false

  /** @param repeat - sends the request once more; undefined if it must not be sent twice */
  constructor(handler: Handler, guards: Guards, request: Options, repeat: Repeat | undefined) {
    this.#handler = handler
    this.#repeat = repeat
    this.#guards = guards
    this.#request = request
  }

  onConnect(abort: (reason?: Error) => void, context?: unknown): void {
    this.place?.sent()
    this.#abort = (reason) => {
      this.#abortReason = reason
      abort(reason)
    }
    this.#handler.onConnect(this.#abort, context)
  }

  /** To be called before the request is sent on a connection that is open already. */
  useOpenConnection(): void {
    this.#isReused = true
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void, statusText: string): boolean | void {
    this.#isAnswered = true
    const refusal = this.#guards.refuse({ method: this.#request.method, status, headers })
    if (refusal) {
      this.#abort(refusal)
      return false
    }
    if (status >= 200) this.#guards.report?.({ status })
    const resumeReading = (): void => {
      this.#delivered = 0
      resume()
    }
    return this.#handler.onHeaders?.(status, headers, resumeReading, statusText)
  }

  onUpgrade(status: number, headers: Buffer[], socket: unknown): void {
    this.#guards.report?.({ status })
    this.#guards.upgraded?.(socket as Duplex)
    this.#handler.onUpgrade?.(status, headers, socket)
  }

  onData(chunk: Buffer): boolean | void {
    this.#delivered += chunk.length
    return this.#handler.onData?.(chunk) !== false || this.#delivered < PAUSE_BYTES
  }

  onComplete(trailers: Buffer[] | null): void {
    this.place?.ended()
    this.#handler.onComplete?.(trailers)
  }

  onError(error: Error): void {
    if (this.#repeat && this.#isReused && !this.#isAnswered && !this.#abortReason && isClosed(error)) {
      // The next connection may be one that was idle as long, and is closed as well. A new one is the last.
      this.#isReused = false
      this.#repeat.dispatch(this.#request, this as UndiciDispatcher.DispatchHandler)
      return
    }
    this.place?.ended(error)
    const explained = error === this.#abortReason ? error : this.#guards.explain(error, this.#request)
    this.#guards.report?.({ error: explained })
    this.#handler.onError?.(explained)
  }

  onBodySent(chunkSize: number): void {
    this.#handler.onBodySent?.(chunkSize)
  }

  onRequestSent(): void {
    this.#handler.onRequestSent?.()
  }

  onResponseStarted(): void {
    this.#handler.onResponseStarted?.()
  }
}

/** Servers close a connection that was idle for long. A request may just have been sent on it. */
function isClosed(error: Error): boolean {
  return ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(codeOf(error))
}
