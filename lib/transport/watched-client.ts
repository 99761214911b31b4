import type { Client as UndiciClient, Dispatcher as UndiciDispatcher } from 'undici'
import { GuardedHandler } from './handler.ts'
import { ShortCall } from './short-call.ts'
import { Client } from './undici.ts'

type Settings = ConstructorParameters<typeof UndiciClient>
type Connect = (options: object, callback: unknown) => void

/** What a {@link WatchedClient} adds to the options of its connector. */
export interface WatchedOptions {
  /** The time that its request has left for the connection, in milliseconds. Undefined: connectTimeout. */
  readonly timeout: number | undefined
}

/** Carries one request at a time. Tells it whether it is sent on an open connection, and the connector its time limit. */
class WatchedClient extends Client {
  #isConnected = false
  #connectBy: number | undefined

  constructor(...[origin, { connect, ...settings } = {}]: Settings) {
    const connectInTime: Connect = (options, callback) =>
      (connect as Connect)({ ...options, timeout: this.#timeLeft() }, callback)
    super(origin, { ...settings, connect: connectInTime })
    this.on('connect', () => (this.#isConnected = true))
    this.on('disconnect', () => (this.#isConnected = false))
  }

  override dispatch(options: UndiciDispatcher.DispatchOptions, handler: UndiciDispatcher.DispatchHandler): boolean {
    if (handler instanceof ShortCall) return this.#take(handler)
    this.#connectBy = undefined
    return this.#send(options, handler)
  }

  #take(call: ShortCall): boolean {
    // The client is free for the next one.
    if (!call.handler) return true
    call.isTaken = true
    this.#connectBy = call.connectBy
    return this.#send(call.options, call.handler as UndiciDispatcher.DispatchHandler)
  }

  #send(options: UndiciDispatcher.DispatchOptions, handler: UndiciDispatcher.DispatchHandler): boolean {
    if (this.#isConnected && handler instanceof GuardedHandler) handler.useOpenConnection()
    return super.dispatch(options, handler)
  }

  #timeLeft(): number | undefined {
    return this.#connectBy === undefined ? undefined : Math.max(this.#connectBy - performance.now(), 1)
  }
}

/** The factory of a pool. */
export function watchedClient(...settings: Settings): UndiciClient {
  return new WatchedClient(...settings)
}
