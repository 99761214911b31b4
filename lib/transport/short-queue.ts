import type { Dispatcher as UndiciDispatcher, Pool as UndiciPool } from 'undici'
import { ConnectionError, isDockerMtlsError } from '../base/errors.ts'
import { option, sentence } from '../base/sentence.ts'
import { errorWithCode } from '../base/system-error.ts'
import type { GuardedHandler, RequestLine } from './handler.ts'
import { ShortCall, type ShortCallOwner } from './short-call.ts'

/** As soon as a call has no complete answer for this long, a waiting one may use another connection. In milliseconds. */
const SLOW_MS = 1_000
/** How often that is checked in this time while calls wait. */
const CHECKS = 4
/** A call that had less time for its own connection would fail as well. Timers may also fire some milliseconds early. */
const SHORTEST_ATTEMPT_MS = 20

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

/** A pool, and how many calls it carries or keeps in its queue. */
interface SharedPool extends BoundedPool {
  pool: UndiciPool | undefined
  used: number
}

/**
 * Carries the short calls. As long as the daemon answers, they share the connections of one pool, and wait in its queue.
 * For each call that gets no answer, a waiting one moves to a second pool. So calls that hang don't keep others waiting, and
 * a healthy daemon gets no more connections.
 */
export class ShortQueue {
  readonly #main: SharedPool
  readonly #overflow: SharedPool
  /** How many connections of the second pool may be used now. */
  #open = 0
  readonly #options: ShortQueueOptions
  readonly #connectTimeout: number
  readonly #slowMs: number
  /**
   * The calls that have not ended, in order. Not a Set: V8 chains the tables that a busy Set outgrows, and keeps their former
   * content in memory until it collects the old generation (measured: a fifth more CPU time for a ping).
   */
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
  readonly #whenNoneWaits: (() => void)[] = []
  readonly #owner: ShortCallOwner = {
    connectBy: (call) => this.#deadline(call),
    ended: (call, error) => this.#ended(call, error),
  }

  constructor(options: ShortQueueOptions) {
    const { main, overflow, connectTimeout } = options
    this.#options = options
    this.#connectTimeout = connectTimeout
    this.#main = { ...main, pool: undefined, used: 0 }
    this.#overflow = { ...overflow, pool: undefined, used: 0 }
    this.#slowMs = Math.min(SLOW_MS, connectTimeout / 2)
  }

  get closed(): boolean {
    return this.#isClosed
  }

  get destroyed(): boolean {
    return this.#isDestroyed
  }

  /** Whether it has no call. */
  get isIdle(): boolean {
    return this.#first === undefined
  }

  /** Sends a request, or lets it wait. Returns false if it waits; onDrain() follows when none does any more. */
  dispatch(options: Options, guarded: UndiciDispatcher.DispatchHandler): boolean {
    const handler = guarded as GuardedHandler
    if (handler.place instanceof ShortCall) return this.#repeat(handler.place)
    if (this.closed || this.destroyed) {
      handler.onError(errorWithCode('UND_ERR_CLOSED', 'the client is closed'))
      return false
    }
    const call = new ShortCall(options, handler, this.#owner)
    handler.place = call
    const isFull = this.#main.used >= this.#main.connections
    if (isFull) this.#mayWait(call)
    this.#start(call, isFull && this.#overflow.used < this.#open ? this.#overflow : this.#main)
    return !this.#isWaiting
  }

  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#isWaiting) await new Promise<void>((resolve) => this.#whenNoneWaits.push(resolve))
    if (!this.destroyed) await Promise.all(this.#pools.map((pool) => pool.close()))
    this.#isDestroyed = true
  }

  async destroy(reason: Error): Promise<void> {
    this.#isDestroyed = true
    this.#open = 0
    clearTimeout(this.#timer)
    const ended = Promise.all(this.#pools.map((pool) => pool.destroy(reason)))
    for (const resolve of this.#whenNoneWaits.splice(0)) resolve()
    await ended
  }

  get #pools(): UndiciPool[] {
    return [this.#main.pool, this.#overflow.pool].filter((pool) => pool !== undefined)
  }

  get #isWaiting(): boolean {
    return this.#main.used > this.#main.connections
  }

  #start(call: ShortCall, pool: SharedPool): void {
    call.previous = this.#last
    if (this.#last) this.#last.next = call
    else this.#first = call
    this.#last = call
    call.isInOverflow = pool === this.#overflow
    pool.used++
    send(call, pool)
  }

  #poolOf({ isInOverflow }: ShortCall): SharedPool {
    return isInOverflow ? this.#overflow : this.#main
  }

  /** It stays in its pool. */
  #repeat(call: ShortCall): boolean {
    call.isTaken = false
    call.isSent = false
    call.seenAt = undefined
    send(call, this.#poolOf(call))
    return !this.#isWaiting
  }

  /** Calls that hang may leave another connection for it. */
  #mayWait(call: ShortCall): void {
    call.began = now()
    if (this.#timer !== undefined) return
    this.#lastEnd = call.began
    this.#findSlow()
    this.#watch()
  }

  #remove(call: ShortCall): void {
    const { previous, next } = call
    if (previous) previous.next = next
    else this.#first = next
    if (next) next.previous = previous
    else this.#last = previous
    // One that stays in memory must not keep the others there.
    call.previous = call.next = call.handler = undefined
  }

  #ended(call: ShortCall, error?: Error): void {
    // It was counted already.
    if (!call.handler) return
    this.#remove(call)
    const wasWaiting = this.#isWaiting
    this.#poolOf(call).used--
    if (!wasWaiting) return
    if (call.isSent) this.#hasEnded = true
    // To connect has failed. Calls that have waited as long as that took get the same error.
    if (!call.isSent && isDockerMtlsError(error)) this.#advance(() => error)
    else this.#advance()
  }

  /** Moves waiting calls to free connections of the second pool. With `late`, calls whose time is up fail with its error. */
  #advance(late?: (call: ShortCall) => Error): void {
    // A call may end while another is being moved or fails.
    if (this.#isAdvancing) return
    this.#isAdvancing = true
    try {
      while (this.#advanceOne(late));
    } finally {
      this.#isAdvancing = false
    }
    if (this.#isWaiting) return
    for (const resolve of this.#whenNoneWaits.splice(0)) resolve()
    this.#options.onDrain()
  }

  /** Returns false if the calls have to wait on. */
  #advanceOne(late: ((call: ShortCall) => Error) | undefined): boolean {
    const isFree = this.#overflow.used < this.#open
    if (!isFree && !late) return false
    let call = this.#first
    while (call && (call.isTaken || call.isInOverflow)) call = call.next
    if (!call?.handler) return false
    if (late && this.#deadline(call) - now() < SHORTEST_ATTEMPT_MS) call.handler.onError(late(call))
    else if (isFree) this.#move(call, call.handler)
    else return false
    return true
  }

  /** As long as other calls end, waiting is no fault. */
  #deadline({ began }: ShortCall): number {
    return Math.max(began, this.#lastEnd) + this.#connectTimeout
  }

  /** The queue of the first pool keeps the old object until its turn comes, and drops it then. */
  #move(old: ShortCall, handler: GuardedHandler): void {
    this.#remove(old)
    this.#main.used--
    const call = new ShortCall(old.options, handler, this.#owner)
    call.began = old.began
    handler.place = call
    this.#start(call, this.#overflow)
  }

  /** Looks again at the calls, as long as some wait. */
  #watch(): void {
    // If this process was busy, answers have arrived meanwhile: read them first.
    const check = (): void => void setImmediate(() => this.#check())
    this.#timer = setTimeout(check, this.#slowMs / CHECKS).unref()
  }

  #check(): void {
    this.#timer = undefined
    const late = this.#findSlow()
    if (!this.#isWaiting) {
      this.#open = 0
      return
    }
    this.#watch()
    this.#advance(late)
  }

  /** Sets how many connections of the second pool may be used. Returns the error for calls that have waited too long. */
  #findSlow(): ((call: ShortCall) => Error) | undefined {
    const time = now()
    if (this.#hasEnded) this.#lastEnd = time
    this.#hasEnded = false
    const taken = this.#taken()
    const sent = taken.filter(({ isSent }) => isSent)
    for (const call of sent) call.seenAt ??= time
    const age = ({ seenAt = time }: ShortCall): number => time - seenAt
    const slow = sent.filter((call) => age(call) >= this.#slowMs).length
    const noneEnds = slow > 0 && (slow === taken.length || time - this.#lastEnd >= this.#slowMs)
    // If no call is answered at all, every waiting call may try.
    this.#open = Math.min(noneEnds ? Infinity : slow, this.#overflow.connections)
    const [oldest] = sent.toSorted((first, second) => age(second) - age(first))
    return oldest && ((call) => this.#timeoutError(call, oldest, sent.length))
  }

  #taken(): ShortCall[] {
    const taken: ShortCall[] = []
    for (let call = this.#first; call; call = call.next) if (call.isTaken) taken.push(call)
    return taken
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

function send(call: ShortCall, shared: SharedPool): void {
  shared.pool ??= shared.create()
  // The pool only passes both arguments on.
  shared.pool.dispatch(call as never, call)
}
