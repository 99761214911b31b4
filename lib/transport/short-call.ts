import type { Dispatcher as UndiciDispatcher } from 'undici'
import type { GuardedHandler, Place } from './handler.ts'

type Options = UndiciDispatcher.DispatchOptions

/** What a call tells its queue, and asks it. */
export interface ShortCallOwner {
  /** When its connection has to be open; by the clock of performance.now(). */
  readonly connectBy: (call: ShortCall) => number
  readonly ended: (call: ShortCall, error?: Error) => void
}

/**
 * One short call, from its dispatch to its end. In the queue of a pool it stands for the options and the handler of its
 * request, because a queue of undici can't be searched: the client asks it whether the request is still to be sent.
 */
export class ShortCall implements Place {
  readonly options: Options
  /** Undefined if the call has ended, or has moved to another pool. */
  handler: GuardedHandler | undefined
  /** When it began to wait; 0 if it never had to. */
  began = 0
  /** Whether a client has it, whose connection may still have to be opened. */
  isTaken = false
  /** Whether it was sent on an open connection. */
  isSent = false
  /** When a check first found that, because asking for the time takes longer. */
  seenAt: number | undefined
  isInOverflow = false
  /** The calls that were dispatched just before and just after it. */
  previous: ShortCall | undefined
  next: ShortCall | undefined
  readonly #owner: ShortCallOwner

  constructor(options: Options, handler: GuardedHandler, owner: ShortCallOwner) {
    this.options = options
    this.handler = handler
    this.#owner = owner
  }

  /** When its connection has to be open. Undefined: connectTimeout after the attempt. */
  get connectBy(): number | undefined {
    return this.began === 0 ? undefined : this.#owner.connectBy(this)
  }

  sent(): void {
    this.isSent = true
  }

  ended(error?: Error): void {
    this.#owner.ended(this, error)
  }

  /** Called by a pool that is destroyed while the call is in its queue. */
  onError(error: Error): void {
    this.handler?.onError(error)
  }
}
