import { channel } from 'node:diagnostics_channel'
import { debuglog } from 'node:util'

/** Published on `docker-mtls:connect` when a connection was opened or has failed. */
export interface ConnectEvent {
  readonly target: string
  readonly milliseconds: number
  readonly tlsVersion?: string
  /** True if a TLS session was resumed, false after a full handshake. */
  readonly resumed?: boolean
  readonly error?: unknown
}

/**
 * Published on `docker-mtls:request` when the head of an answer has arrived or the request has failed. The path has no
 * query, because build arguments are part of it.
 */
export interface RequestEvent {
  readonly target: string
  readonly method: string
  readonly path: string
  readonly lane: string
  readonly status?: number
  readonly error?: unknown
}

const connectChannel: ReturnType<typeof channel> = channel('docker-mtls:connect')
export const requestChannel: ReturnType<typeof channel> = channel('docker-mtls:request')

/** Publishes the outcome of an attempt to connect. */
export function publishConnect(target: string, began: number, outcome: Partial<ConnectEvent>): void {
  if (!connectChannel.hasSubscribers) return
  connectChannel.publish({ target, milliseconds: performance.now() - began, ...outcome } satisfies ConnectEvent)
}

/** NODE_DEBUG=docker-mtls prints the events of both channels. */
const debug = debuglog('docker-mtls')
if (debug.enabled) {
  connectChannel.subscribe((event) => debug('connect %j', summary(event)))
  requestChannel.subscribe((event) => debug('request %j', summary(event)))
}

function summary(event: unknown): object {
  const { error, ...rest } = event as ConnectEvent
  return error instanceof Error ? { ...rest, error: (error as NodeJS.ErrnoException).code ?? error.message } : rest
}
