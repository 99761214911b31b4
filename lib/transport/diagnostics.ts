import { channel } from 'node:diagnostics_channel'
import { debuglog } from 'node:util'

/** A connection was made, or could not be: `docker-mtls:connect`. */
export interface ConnectEvent {
  readonly target: string
  readonly milliseconds: number
  readonly tlsVersion?: string
  /** A TLS session was resumed instead of a whole handshake. */
  readonly resumed?: boolean
  readonly error?: unknown
}

/** The head of an answer came, or none did: `docker-mtls:request`. The query is left out: build arguments travel in it. */
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

/** Tells that a connection was made, or could not be. */
export function publishConnect(target: string, began: number, outcome: Partial<ConnectEvent>): void {
  if (!connectChannel.hasSubscribers) return
  connectChannel.publish({ target, milliseconds: performance.now() - began, ...outcome } satisfies ConnectEvent)
}

/** NODE_DEBUG=docker-mtls prints what those channels carry. */
const debug = debuglog('docker-mtls')
if (debug.enabled) {
  connectChannel.subscribe((event) => debug('connect %j', summary(event)))
  requestChannel.subscribe((event) => debug('request %j', summary(event)))
}

function summary(event: unknown): object {
  const { error, ...rest } = event as ConnectEvent
  return error instanceof Error ? { ...rest, error: (error as NodeJS.ErrnoException).code ?? error.message } : rest
}
