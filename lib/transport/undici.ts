/**
 * The parts of undici that send requests. The whole package (fetch, WebSocket, mocks, caches) takes three times as long
 * to load. undici 7 has no `exports`, so its files can be imported by path. A test checks that both imports give the
 * same objects.
 */
// @ts-expect-error undici declares types only for its main module
import api from 'undici/lib/api/index.js'
// @ts-expect-error undici declares types only for its main module
import ClientClass from 'undici/lib/dispatcher/client.js'
// @ts-expect-error undici declares types only for its main module
import DispatcherClass from 'undici/lib/dispatcher/dispatcher.js'
// @ts-expect-error undici declares types only for its main module
import PoolClass from 'undici/lib/dispatcher/pool.js'
// @ts-expect-error undici declares types only for its main module
import UnwrapHandlerClass from 'undici/lib/handler/unwrap-handler.js'
import type * as undici from 'undici'

export const Client: typeof undici.Client = ClientClass
export const Dispatcher: typeof undici.Dispatcher = DispatcherClass
export const Pool: typeof undici.Pool = PoolClass

/** `request`, `stream`, `upgrade` and similar methods. undici's main module adds them to every dispatcher. */
export const dispatcherMethods: Pick<undici.Dispatcher, 'request' | 'stream' | 'pipeline' | 'upgrade' | 'connect'> = api

/** The handler interface of undici's core. */
export interface Handler {
  onConnect(abort: (reason?: Error) => void, context?: unknown): void
  onResponseStarted?(): void
  onBodySent?(chunkSize: number): void
  onRequestSent?(): void
  onUpgrade?(status: number, headers: Buffer[], socket: unknown): void
  onHeaders?(status: number, headers: Buffer[], resume: () => void, statusText: string): boolean | void
  onData?(chunk: Buffer): boolean | void
  onComplete?(trailers: Buffer[] | null): void
  onError?(error: Error): void
}

/**
 * Converts a handler with the newer interface (`onRequestStart`, ...), which fetch uses from Node 24 on, to the core's
 * interface.
 */
export function toCoreHandler(handler: undici.Dispatcher.DispatchHandler): Handler {
  return UnwrapHandlerClass.unwrap(handler)
}
