import { ArgumentError } from '../../base/errors.ts'
import { readTwice } from '../read-twice.ts'

/** Runs a call, handing its events on, and gives its result when it is over. */
export type Run<Event, Result> = () => AsyncGenerator<Event, Result, undefined>

/**
 * Something long that the daemon does. Await it for its result, or loop over what it says meanwhile, and then await
 * it; either way a failure is an error. It begins when it is awaited or looped over, and leaving the loop ends it.
 *
 * @example
 * ```ts
 * await docker.images.pull('alpine:3.20')
 * for await (const { status, id } of docker.images.pull('alpine:3.20')) console.log(id, status)
 * ```
 */
export class Progress<Event, Result> implements PromiseLike<Result>, AsyncIterable<Event> {
  readonly #run: Run<Event, Result>
  readonly #result: Promise<Result>
  #resolve: (result: Result) => void = () => {}
  #reject: (reason: unknown) => void = () => {}
  #events: AsyncGenerator<Event, Result, undefined> | undefined
  #isOver = false

  /** @internal */
  constructor(run: Run<Event, Result>) {
    this.#run = run
    this.#result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Whoever loops hears of a failure there.
    this.#result.catch(() => {})
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is meant to be awaited
  then<Fulfilled = Result, Rejected = never>(
    onFulfilled?: ((result: Result) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    if (this.#events === undefined) this.#drain().catch(() => {})
    return this.#result.then(onFulfilled, onRejected)
  }

  /** As a promise's. */
  catch<Rejected = never>(
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Result | Rejected> {
    return this.then(undefined, onRejected)
  }

  /** As a promise's. */
  finally(onFinally?: (() => void) | null): Promise<Result> {
    return Promise.resolve(this).finally(onFinally)
  }

  /** Starts the call, and iterates over its messages; `break` ends it. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Event, void, undefined> {
    if (this.#isOver) {
      await this.#result
      throw readTwice()
    }
    this.#events ??= this.#run()
    const events = this.#events
    try {
      for (let next = await events.next(); ; next = await events.next()) {
        if (next.done === true) {
          this.#resolve(next.value)
          // Of several who listen only one is told how it ended.
          await this.#result
          return
        }
        yield next.value
      }
    } catch (error) {
      this.#reject(error)
      throw error
    } finally {
      this.#isOver = true
      // Without effect where it has ended; else the loop was left.
      this.#reject(leftEarly())
      await events.return(undefined as Result)
    }
  }

  async #drain(): Promise<void> {
    for await (const _ of this) {
      // Whoever awaits it wants the result alone.
    }
  }
}

function leftEarly(): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'waiting for the result of a call',
    got: 'you left the loop over its events, which cancels the call',
    todo: 'Loop to the end, or await the call without a loop.',
  })
}
