import type { Duplex } from 'node:stream'
import type { Handler } from './undici.ts'

/** What was asked for, as it was given to the dispatcher. */
export interface RequestLine {
  readonly method: string
  readonly path: string
}

export interface Guards {
  /** Turns an error of the connection into ours. */
  readonly explain: (error: unknown, request: RequestLine) => Error
  /** Says why an answer must not be used, if so. */
  readonly refuse: (status: number) => Error | undefined
  /** Is handed the socket of a hijacked connection. */
  readonly upgraded?: (socket: Duplex) => void
  /** Is told the status of the answer, or why there is none. */
  readonly report?: (outcome: { status: number } | { error: unknown }) => void
}

/**
 * How much a slow reader is given before the connection waits for it, in bytes. undici 7 puts what it has read too much
 * back (client-h1.js, resume() and execute()), and reads it all again with 64 KiB more: a pause for every chunk would hold
 * ever more, and copy all of it for each.
 */
const PACE = 256 * 1024

/** Stands between undici and whoever asked: redirects become errors, errors speak our language, and slow readers don't pile up. */
export class GuardedHandler implements Handler {
  readonly #handler: Handler
  readonly #guards: Guards
  readonly #request: RequestLine
  /** Bytes since the connection last went on. */
  #given = 0
  #abort: (reason?: Error) => void = () => {}
  /** Why the caller, or a guard, gave the request up: it comes back as it is. */
  #reason: Error | undefined

  constructor(handler: Handler, guards: Guards, request: RequestLine) {
    this.#handler = handler
    this.#guards = guards
    this.#request = request
  }

  onConnect(abort: (reason?: Error) => void, context?: unknown): void {
    this.#abort = (reason) => {
      this.#reason = reason
      abort(reason)
    }
    this.#handler.onConnect(this.#abort, context)
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void, statusText: string): boolean | void {
    const refusal = this.#guards.refuse(status)
    if (refusal) {
      this.#abort(refusal)
      return false
    }
    if (status >= 200) this.#guards.report?.({ status })
    const goOn = (): void => {
      this.#given = 0
      resume()
    }
    return this.#handler.onHeaders?.(status, headers, goOn, statusText)
  }

  onUpgrade(status: number, headers: Buffer[], socket: unknown): void {
    this.#guards.report?.({ status })
    this.#guards.upgraded?.(socket as Duplex)
    this.#handler.onUpgrade?.(status, headers, socket)
  }

  onData(chunk: Buffer): boolean | void {
    this.#given += chunk.length
    return this.#handler.onData?.(chunk) !== false || this.#given < PACE
  }

  onComplete(trailers: Buffer[] | null): void {
    this.#handler.onComplete?.(trailers)
  }

  onError(error: Error): void {
    const explained = error === this.#reason ? error : this.#guards.explain(error, this.#request)
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
