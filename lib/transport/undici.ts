/**
 * The parts of undici that carry requests, and no more of it: the whole package (fetch, WebSocket, mocks, caches)
 * takes three times as long to load. undici 7 lists no `exports`, so its files are reachable by path; a test
 * holds that they are the same objects as those of its front door.
 */
// @ts-expect-error undici types its front door only
import api from 'undici/lib/api/index.js'
// @ts-expect-error undici types its front door only
import DispatcherClass from 'undici/lib/dispatcher/dispatcher.js'
// @ts-expect-error undici types its front door only
import PoolClass from 'undici/lib/dispatcher/pool.js'
// @ts-expect-error undici types its front door only
import UnwrapHandlerClass from 'undici/lib/handler/unwrap-handler.js'
import type * as undici from 'undici'

export const Dispatcher: typeof undici.Dispatcher = DispatcherClass
export const Pool: typeof undici.Pool = PoolClass

/** `request`, `stream`, `upgrade` and their like: undici puts them on every dispatcher when it is loaded whole. */
export const dispatcherMethods: Pick<undici.Dispatcher, 'request' | 'stream' | 'pipeline' | 'upgrade' | 'connect'> = api

/** A handler as undici's own core calls it. */
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

/** Makes a handler of the newer kind (`onRequestStart`, ...: what fetch of Node 24 and later hands over) one of the core's kind. */
export function toCoreHandler(handler: undici.Dispatcher.DispatchHandler): Handler {
  return UnwrapHandlerClass.unwrap(handler)
}
