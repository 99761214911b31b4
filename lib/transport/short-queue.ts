import type { Dispatcher as UndiciDispatcher, Pool as UndiciPool } from 'undici'
import { ConnectionError, isDockerMtlsError } from '../base/errors.ts'
import { option, sentence } from '../base/sentence.ts'
import { errorWithCode } from '../base/system-error.ts'
import type { GuardedHandler, Place, RequestLine } from './handler.ts'

/** A call without a complete answer for this long gives its place to a waiting one, in milliseconds. */
const SLOW_MS = 1_000
/** How often that is checked while calls wait. */
const CHECKS = 4

type Options = UndiciDispatcher.DispatchOptions

/** A pool with at most so many connections, which is created when it is needed. */
export interface BoundedPool {
  readonly connections: number
  readonly create: () => UndiciPool
}

export interface ShortQueueOptions {
  /** The pool for all calls. */
  readonly main: BoundedPool
  /** Another pool, for calls that wait while those before them get no answer. */
  readonly overflow: BoundedPool
  /** How long a call waits while no other call ends, in milliseconds. */
  readonly connectTimeout: number
  /** Formats a request for error messages, without secrets. */
  readonly describe: (request: RequestLine) => string
  /** The endpoint as users write it. */
  readonly target: string
  /** Called when no call waits any more. */
  readonly onDrain: () => void
}

/** A pool, and how many calls it carries. */
interface Places extends BoundedPool {
  pool: UndiciPool | undefined
  /** How many connections may be used now. */
  open: number
  used: number
}

/** One call, from its dispatch to its end. */
class ShortCall implements Place {
  readonly options: Options
  readonly handler: GuardedHandler
  /** When it began to wait. */
  began = 0
  /** Whether it was sent on an open connection. */
  isSent = false
  /** When a check first found that, because asking for the time takes longer. */
  seenAt: number | undefined
  places: Places | undefined
  /** Where it is among the active calls. */
  index = -1
  /** The call that waits behind this one. */
  next: ShortCall | undefined
  readonly #onEnd: (call: ShortCall, error?: Error) => void

  constructor(options: Options, handler: GuardedHandler, onEnd: (call: ShortCall, error?: Error) => void) {
    this.options = options
    this.handler = handler
    this.#onEnd = onEnd
  }

  sent(): void {
    this.isSent = true
  }

  ended(error?: Error): void {
    this.#onEnd(this, error)
  }
}

/**
 * Carries the short calls. As long as the daemon answers, they share the connections of one pool, and wait for them in
 * order. A call that gets no answer gives its place to a waiting one, which uses a second pool. So calls that hang
 * neither keep others waiting, nor does a healthy daemon get more connections.
 *
 * undici's pools keep their queue to themselves. And they may open another connection for a request that is sent
 * while an earlier one is just ending, so that the pool must be as small as this queue is.
 */
export class ShortQueue {
  readonly #main: Places
  readonly #overflow: Places
  readonly #options: ShortQueueOptions
  readonly #connectTimeout: number
  readonly #slowMs: number
  /**
   * The calls that have a place. Not a Set: V8 chains the tables that a busy Set outgrows, and keeps their former content
   * in memory until it collects the old generation (measured: a fifth more CPU time for a ping).
   */
  readonly #active: ShortCall[] = []
  /** The calls that wait for one. */
  #first: ShortCall | undefined
  #last: ShortCall | undefined
  /** Whether a call that had been sent has ended since the last check. */
  #hasEnded = false
  /** When the last check found that, or calls began to wait. */
  #lastEnd = 0
  #timer: NodeJS.Timeout | undefined
  #isAdvancing = false
  #isClosed = false
  #isDestroyed = false
  readonly #whenEmpty: (() => void)[] = []

  constructor(options: ShortQueueOptions) {
    const { main, overflow, connectTimeout } = options
    this.#options = options
    this.#connectTimeout = connectTimeout
    this.#main = { ...main, pool: undefined, open: main.connections, used: 0 }
    this.#overflow = { ...overflow, pool: undefined, open: 0, used: 0 }
    this.#slowMs = Math.min(SLOW_MS, connectTimeout / 2)
  }

  get closed(): boolean {
    return this.#isClosed
  }

  get destroyed(): boolean {
    return this.#isDestroyed
  }

  /** Sends a request, or lets it wait. Returns false if it waits; onDrain() follows when none does any more. */
  dispatch(options: Options, handler: GuardedHandler): boolean {
    if (handler.place instanceof ShortCall) return this.#repeat(handler.place)
    if (this.closed || this.destroyed) {
      handler.onError(errorWithCode('UND_ERR_CLOSED', 'the client is closed'))
      return false
    }
    const call = new ShortCall(options, handler, this.#ended)
    handler.place = call
    const places = this.#first ? undefined : this.#freePlaces()
    if (places) this.#start(call, places)
    else this.#wait(call)
    return this.#first === undefined
  }

  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#first) await new Promise<void>((resolve) => this.#whenEmpty.push(resolve))
    if (!this.destroyed) await Promise.all(this.#pools.map((pool) => pool.close()))
    this.#isDestroyed = true
  }

  async destroy(reason: Error): Promise<void> {
    this.#isDestroyed = true
    const waiting = this.#first
    this.#first = this.#last = undefined
    clearTimeout(this.#timer)
    const ended = Promise.all(this.#pools.map((pool) => pool.destroy(reason)))
    for (let call = waiting; call; call = call.next) call.handler.onError(reason)
    for (const resolve of this.#whenEmpty.splice(0)) resolve()
    await ended
  }

  get #pools(): UndiciPool[] {
    return [this.#main.pool, this.#overflow.pool].filter((pool) => pool !== undefined)
  }

  #start(call: ShortCall, places: Places): void {
    call.index = this.#active.push(call) - 1
    places.used++
    call.places = places
    send(call, places)
  }

  /** It keeps its place. */
  #repeat(call: ShortCall): boolean {
    call.isSent = false
    call.seenAt = undefined
    send(call, call.places ?? this.#main)
    return this.#first === undefined
  }

  #wait(call: ShortCall): void {
    call.began = now()
    if (this.#last) this.#last.next = call
    else this.#first = call
    this.#last = call
    if (this.#timer !== undefined) return
    this.#lastEnd = call.began
    this.#check()
  }

  #takeFirst(call: ShortCall): void {
    this.#first = call.next
    if (!call.next) this.#last = undefined
    // One that hangs must not keep those after it in memory.
    call.next = undefined
  }

  #freePlaces(): Places | undefined {
    if (this.#main.used < this.#main.open) return this.#main
    return this.#overflow.used < this.#overflow.open ? this.#overflow : undefined
  }

  /** Returns false if the call has no place. */
  #leave({ index, places }: ShortCall): boolean {
    const call = this.#active[index]
    const last = this.#active.at(-1)
    if (!call || !last || !places) return false
    this.#active[index] = last
    last.index = index
    this.#active.pop()
    call.index = -1
    places.used--
    return true
  }

  readonly #ended = (call: ShortCall, error?: Error): void => {
    if (!this.#leave(call)) return
    if (!this.#first) return
    if (call.isSent) this.#hasEnded = true
    // To connect has failed. Calls that have waited as long as that took get the same error.
    const isUnconnected = !call.isSent && isDockerMtlsError(error)
    this.#advance(isUnconnected ? () => error : undefined)
  }

  /** Gives free places to waiting calls, in order. With `late`, calls whose time is up fail with its error. */
  #advance(late?: (call: ShortCall) => Error): void {
    // A call may end while it is being sent.
    if (this.#isAdvancing) return
    this.#isAdvancing = true
    try {
      while (this.#first && this.#advanceOne(this.#first, late));
    } finally {
      this.#isAdvancing = false
    }
    if (this.#first) return
    for (const resolve of this.#whenEmpty.splice(0)) resolve()
    this.#options.onDrain()
  }

  /** Returns false if the call has to wait on. */
  #advanceOne(call: ShortCall, late?: (call: ShortCall) => Error): boolean {
    // As long as other calls end, waiting is no fault.
    const deadline = Math.max(call.began, this.#lastEnd) + this.#connectTimeout
    const isLate = late !== undefined && deadline <= now()
    const places = isLate ? undefined : this.#freePlaces()
    if (!isLate && !places) return false
    this.#takeFirst(call)
    call.handler.connectBy = deadline
    if (places) this.#start(call, places)
    else call.handler.onError(late?.(call) as Error)
    return true
  }

  /** Opens places for waiting calls, and ends those that have waited too long. Then checks again later. */
  #check(): void {
    this.#timer = undefined
    const time = now()
    const sent = this.#active.filter(({ isSent }) => isSent)
    for (const call of sent) call.seenAt ??= time
    if (!this.#first) {
      this.#overflow.open = 0
      return
    }
    // If this process was busy, answers have arrived meanwhile: read them first.
    const check = (): void => void setImmediate(() => this.#check())
    this.#timer = setTimeout(check, this.#slowMs / CHECKS).unref()
    if (this.#hasEnded) this.#lastEnd = time
    this.#hasEnded = false
    const age = ({ seenAt = time }: ShortCall): number => time - seenAt
    const slow = sent.filter((call) => age(call) >= this.#slowMs).length
    const noneEnds = slow === this.#active.length || (slow > 0 && time - this.#lastEnd >= this.#slowMs)
    // If no call is answered at all, every waiting call may try.
    this.#overflow.open = Math.min(noneEnds ? Infinity : slow, this.#overflow.connections)
    const [oldest] = sent.toSorted((first, second) => age(second) - age(first))
    this.#advance(oldest && ((call) => this.#timeoutError(call, oldest, sent.length)))
  }

  #timeoutError(call: ShortCall, oldest: ShortCall, count: number): ConnectionError {
    const { describe, target, connectTimeout } = this.#options
    const seconds = Math.floor((now() - (oldest.seenAt ?? now())) / 1000)
    return new ConnectionError('ERR_QUEUE_TIMEOUT', {
      tried: `${describe(call.options)} at ${target}`,
      got: `no connection became free within ${connectTimeout} ms: ${count} calls are waiting for an answer, the oldest (${describe(oldest.options)}) for over ${seconds} s`,
      todo: sentence`Check the load of the daemon. To end calls that hang, abort their ${option('signal')}.`,
    })
  }
}

/** As a whole number, because V8 allocates memory for others. */
function now(): number {
  return Math.trunc(performance.now())
}

function send({ options, handler }: ShortCall, places: Places): void {
  places.pool ??= places.create()
  places.pool.dispatch(options, handler as UndiciDispatcher.DispatchHandler)
}
