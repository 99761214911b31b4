import type { Connection } from '../arriving/connections.ts'
import type { RequestBegan, RequestEnded, RequestFacts } from '../events.ts'
import { loggedPath } from './logged-path.ts'
import type { Refusal } from '../refusal.ts'
import type { Decided } from '../types.ts'

let lastId = 0

/** Of a request, or of a call of gRPC. */
interface RequestLine {
  readonly method?: string | undefined
  readonly url?: string | undefined
}

/** What is known of a request, for its events. */
export class RequestRecord {
  readonly #id = ++lastId
  readonly #began = performance.now()
  readonly #connection: Connection
  readonly #request: RequestLine | undefined
  #decided: Decided = {}
  #verdict: 'allow' | 'refuse' | undefined
  #reason: string | undefined

  /** @param request - undefined: it couldn't be read */
  constructor(connection: Connection, request?: RequestLine) {
    this.#connection = connection
    this.#request = request
    connection.unreported++
  }

  /** The gateway itself has refused it, or it has failed. */
  get isRefused(): boolean {
    return this.#reason !== undefined
  }

  decided(by: Decided): void {
    this.#decided = by
  }

  /** The daemon gets it. */
  allowed(): void {
    this.#verdict = 'allow'
  }

  /** The daemon has not got it, and it is decided again. */
  undecided(): void {
    this.#verdict = undefined
  }

  refused({ code }: Refusal): this {
    this.#reason = code
    // It was allowed, and no daemon has got it.
    if (code === 'DAEMON_UNKNOWN') this.undecided()
    this.#verdict ??= 'refuse'
    return this
  }

  beginning(): RequestBegan {
    return { event: 'begin', ...this.#facts(), verdict: 'allow' }
  }

  /** To be called once, for the report. */
  ending(status: number): RequestEnded {
    this.#connection.unreported--
    return {
      event: 'request',
      ...this.#facts(),
      ...(this.#verdict !== undefined && { verdict: this.#verdict }),
      status,
      ...(this.#reason !== undefined && { reason: this.#reason }),
      milliseconds: performance.now() - this.#began,
      ...this.#connection.takeBytes(),
    }
  }

  #facts(): RequestFacts {
    return {
      id: this.#id,
      ...this.#connection.caller,
      method: this.#request?.method ?? '',
      path: loggedPath(this.#request?.url ?? ''),
      ...this.#decided,
    }
  }
}
