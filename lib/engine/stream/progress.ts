import { ArgumentError } from '../../base/errors.ts'
import { readTwice } from '../read-twice.ts'
import { LazyPromise } from './lazy-promise.ts'
import { closing } from './source.ts'

/** Runs a call: yields its events, and returns its result. The signal aborts when the caller closes the call. */
export type Run<Event, Result> = (closed: AbortSignal) => AsyncGenerator<Event, Result, undefined>

/**
 * A long call. Await it for its result, or loop over its events and then await it. Either way a failure is an error.
 * Nothing is sent until you do one of the two. Leaving the loop or closing it cancels the call: the loop ends without an
 * error, but there is no result to await.
 *
 * @example
 * ```ts
 * await docker.images.pull('alpine:3.20')
 * for await (const { status, id } of docker.images.pull('alpine:3.20')) console.log(id, status)
 * ```
 */
export class Progress<Event, Result> extends LazyPromise<Result> implements AsyncIterable<Event>, AsyncDisposable {
  readonly #run: Run<Event, Result>
  readonly #closing = new AbortController()
  readonly #result: Promise<Result>
  #resolve: (result: Result) => void = () => {}
  #reject: (reason: unknown) => void = () => {}
  #events: AsyncGenerator<Event, Result, undefined> | undefined
  #isOver = false

  /** @internal */
  constructor(run: Run<Event, Result>) {
    super()
    this.#run = run
    this.#result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // The loop throws the failure.
    this.#result.catch(() => {})
  }

  /** Starts the call and iterates over its events; `break` cancels it. */
  [Symbol.asyncIterator](): AsyncGenerator<Event, void, undefined> {
    return closing(this.#loop(), () => this.#cancel())
  }

  /** Cancels the call, unless it has ended. Loops over its events end without an error, and `await` rejects. */
  async close(): Promise<void> {
    this.#cancel()
    await this.#events?.return(undefined as Result)
  }

  /** Like {@link Progress.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async *#loop(): AsyncGenerator<Event, void, undefined> {
    if (this.#isOver) {
      await this.#result
      throw readTwice()
    }
    const closed = this.#closing.signal
    if (closed.aborted) return
    this.#events ??= this.#run(closed)
    const events = this.#events
    try {
      for (let next = await events.next(); ; next = await events.next()) {
        if (closed.aborted) return
        if (next.done === true) {
          this.#resolve(next.value)
          // Only one of several loops gets the end of the events.
          await this.#result
          return
        }
        yield next.value
      }
    } catch (error) {
      if (closed.aborted) return
      this.#reject(error)
      throw error
    } finally {
      this.#isOver = true
      await events.return(undefined as Result)
    }
  }

  /** Has no effect on a call that has ended. */
  #cancel(): void {
    if (this.#isOver || this.#closing.signal.aborted) return
    const reason = leftEarly()
    this.#reject(reason)
    this.#closing.abort(reason)
  }

  /** @internal */
  protected override begin(): Promise<Result> {
    if (this.#events === undefined) this.#drain().catch(() => {})
    return this.#result
  }

  async #drain(): Promise<void> {
    for await (const _ of this) {
      // Only the result is needed.
    }
  }
}

function leftEarly(): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'waiting for the result of a call',
    got: 'you left the loop over its events or closed it, which cancels the call',
    todo: 'Loop to the end, or await the call without a loop.',
  })
}
