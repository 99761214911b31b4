import { limitSignal, onAbort, pause, type LinkedSignal } from '../../../base/abort.ts'
import { ArgumentError, isDockerMtlsError } from '../../../base/errors.ts'
import { checkOptions as checkKeys } from '../../../base/options.ts'
import { callTimeout, STILL_WAITING } from '../../../transport/time-limits.ts'
import { canPass } from '../../can-pass.ts'
import { readTwice } from '../../read-twice.ts'
import { checkRequestOptions, REQUEST_OPTIONS } from '../../request-options.ts'
import type { Send } from '../../send.ts'
import { JsonStream } from '../../stream/json-stream.ts'
import { closedEarly, closing } from '../../stream/source.ts'
import { EVENTS, INFO } from '../../system/operations.ts'
import type { EventMessage } from '../../system/types/events.ts'
import type { SystemInfo } from '../../system/types/system.ts'
import { encodeMoment } from '../../time.ts'
import { Backoff } from './backoff.ts'
import { Delivered, isLater, keyOf, type LastEvent } from './delivered.ts'
import type { FollowEventsOptions, Reconnection } from './options.ts'

const NAME = 'system.followEvents()'
const OPTIONS: readonly string[] = ['since', 'filters', 'onReconnect', ...REQUEST_OPTIONS]

/** The daemon answers at once whether it still has an event; unless its clock was set back. In milliseconds. */
const LOOK_MS = 5_000

/** Implements {@link System.followEvents}. */
export async function followEvents(
  send: Send,
  options: FollowEventsOptions,
  closed: AbortSignal,
): Promise<FollowedEvents> {
  checkKeys(options, OPTIONS, NAME)
  checkRequestOptions(options, NAME)
  checkCallback(options.onReconnect)
  const { timeout, signal } = options
  signal?.throwIfAborted()
  const limits = { timeout, signal, closed, late: callTimeout(NAME, timeout ?? 0, STILL_WAITING) }
  const events = new FollowedEvents(send, options, limitSignal(limits))
  await events.open()
  return events
}

/**
 * A stream of events that goes on after a cut connection or a restart of the daemon. Leaving the loop ends it, and `close()` ends
 * the loop without an error.
 */
export class FollowedEvents implements AsyncIterable<EventMessage>, AsyncDisposable {
  readonly #send: Send
  readonly #options: FollowEventsOptions
  readonly #link: LinkedSignal
  readonly #backoff = new Backoff()
  readonly #forget: () => void
  #delivered = new Delivered('')
  #stream: JsonStream<EventMessage> | undefined
  #taken = false
  #closed = false
  /** What `onReconnect` is still to be told. */
  #untold: Reconnection | undefined
  /** The event that the daemon will repeat first, unless it has forgotten it meanwhile. */
  #awaited: LastEvent | undefined

  /** @internal */
  constructor(send: Send, options: FollowEventsOptions, link: LinkedSignal) {
    this.#send = send
    this.#options = options
    this.#link = link
    const { closing: destroyed } = send.dispatcher
    this.#forget = onAbort(destroyed, () => link.abort(destroyed.reason))
  }

  /** The events as they arrive; `break` ends the stream. */
  [Symbol.asyncIterator](): AsyncGenerator<EventMessage, void, undefined> {
    return closing(this.#loop(), () => void this.close())
  }

  /** Ends the stream. A loop over the events ends without an error. */
  close(): Promise<void> {
    this.#closed = true
    this.#link.abort(closedEarly())
    this.#end()
    return Promise.resolve()
  }

  /** Like {@link FollowedEvents.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /**
   * Opens the first stream.
   *
   * @internal
   */
  async open(): Promise<void> {
    try {
      await this.#untilOpen(async () => {
        this.#delivered = new Delivered(await this.#start())
        this.#stream = await this.#request(this.#delivered.since)
      })
    } catch (error) {
      this.#end()
      throw error
    }
  }

  async *#loop(): AsyncGenerator<EventMessage, void, undefined> {
    if (this.#taken) throw readTwice()
    this.#taken = true
    try {
      for (;;) {
        const error = yield* this.#read()
        if (this.#closed) return
        await this.#reconnect(error)
      }
    } catch (error) {
      if (!this.#closed) throw error
    } finally {
      await this.close()
    }
  }

  /** Reads one stream to its end. Returns what interrupted it, if that may pass. */
  async *#read(): AsyncGenerator<EventMessage, unknown, undefined> {
    const start = performance.now()
    try {
      if (this.#awaited === undefined) await this.#tell()
      for await (const event of this.#stream ?? []) {
        if (this.#awaited) await this.#compare(event, this.#awaited)
        if (this.#delivered.isAgain(event)) continue
        this.#delivered.add(event)
        yield event
        if (this.#closed) return undefined
      }
      return undefined
    } catch (error) {
      if (!mayPass(error)) throw error
      return error
    } finally {
      this.#backoff.lasted(performance.now() - start)
    }
  }

  /** The daemon repeats its events in order, so nothing later may come before the last one. */
  async #compare(event: EventMessage, awaited: LastEvent): Promise<void> {
    const found = keyOf(event) === awaited.key
    if (!found && !isLater(event, awaited)) return
    this.#awaited = undefined
    if (!found) this.#mark({ complete: false })
    await this.#tell()
  }

  async #tell(): Promise<void> {
    if (this.#untold === undefined) return
    await this.#options.onReconnect?.(this.#untold)
    this.#untold = undefined
  }

  /** A gap that nobody was told of stays one. */
  #mark({ complete, error }: Partial<Reconnection>): void {
    const before = this.#untold
    this.#untold = { complete: (before?.complete ?? true) && (complete ?? true), error: before?.error ?? error }
  }

  async #reconnect(error: unknown): Promise<void> {
    this.#mark({ error })
    await pause(this.#backoff.next(), this.#link.signal)
    await this.#untilOpen(async () => {
      const { since, last } = this.#delivered
      this.#delivered.expectAgain()
      this.#stream = await this.#request(since)
      this.#awaited = (await this.#isKept()) ? last : undefined
      if (this.#awaited === undefined) this.#mark({ complete: false })
    })
  }

  async #untilOpen(open: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await open()
      } catch (error) {
        if (!mayPass(error)) throw error
        await this.#stream?.close()
        await pause(this.#backoff.next(), this.#link.signal)
      }
    }
  }

  /** Does the daemon still have the last event? It forgets all when it restarts. The stream itself is silent if it has none. */
  async #isKept(): Promise<boolean> {
    const { since, until, last } = this.#delivered
    if (last === undefined || until === undefined) return false
    try {
      for await (const event of await this.#request(since, { until, timeout: LOOK_MS })) {
        if (keyOf(event) === last.key) return true
      }
      return false
    } catch (error) {
      if (isDockerMtlsError(error, 'ERR_CALL_TIMEOUT') && !this.#link.signal.aborted) return false
      throw error
    }
  }

  /** The beginning on the clock of the daemon, which subscribes only some time after its answer. */
  async #start(): Promise<string> {
    const { since } = this.#options
    if (since !== undefined) return encodeMoment(`the option since of ${NAME}`, since)
    return (await this.#send.json<SystemInfo>(INFO, { options: { signal: this.#link.signal } })).SystemTime
  }

  async #request(since: string, limits: { until?: string; timeout?: number } = {}): Promise<JsonStream<EventMessage>> {
    const { filters, idleTimeout } = this.#options
    const options = { since, idleTimeout, signal: this.#link.signal, ...(filters && { filters }), ...limits }
    const { body } = await this.#send.stream(EVENTS, { options })
    return new JsonStream(body, this.#send.named(EVENTS, { options }))
  }

  #end(): void {
    this.#forget()
    this.#link.unlink()
  }
}

/** A daemon that is being stopped may end its answer in the middle. */
function mayPass(error: unknown): boolean {
  return canPass(error) || isDockerMtlsError(error, 'ERR_API_STREAM_TRUNCATED')
}

function checkCallback(onReconnect: unknown): void {
  if (onReconnect === undefined || typeof onReconnect === 'function') return
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the option onReconnect of ${NAME}`,
    got: 'it is not a function',
    todo: 'Pass a function, which gets { complete, error }.',
  })
}
