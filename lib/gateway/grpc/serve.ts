import type { ClientHttp2Session, ServerHttp2Session } from 'node:http2'
import type { Duplex } from 'node:stream'
import { ForwardedCall, type CallContext } from './call.ts'

/** A client makes few calls at once: those of its builds, each with a stream of its progress. */
const MAX_STREAMS = 128
/** How long what was written may take to arrive when the other side has ended, in milliseconds. */
const LINGER_MS = 1_000

const LIMITS = {
  // In megabytes, for what Node holds of one connection.
  maxSessionMemory: 16,
  maxHeaderListPairs: 128,
} as const

/**
 * Serves the calls of a client (gRPC over HTTP/2 with prior knowledge) on a connection that has switched to it, and makes those that
 * are allowed on the daemon's. If one of the connections ends, so does the other.
 */
export async function serveCalls(client: Duplex, daemon: Duplex, context: Omit<CallContext, 'daemon'>): Promise<void> {
  // Only builds need them.
  const [http2, { detached }] = await Promise.all([import('node:http2'), import('../../transport/detached.ts')])
  const ours = http2.performServerHandshake(detached(client), {
    ...LIMITS,
    settings: { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: 65_536, enablePush: false },
  })
  const theirs = http2.connect('http://localhost', {
    ...LIMITS,
    createConnection: () => detached(daemon),
    settings: { enablePush: false },
  })
  // Streams report what that means for calls, and 'close' ends the other side.
  ours.on('error', () => {})
  theirs.on('error', () => {})
  ours.on('stream', (stream, headers, _flags, raw?: string[]) => {
    void new ForwardedCall(stream, headers, raw ?? [], { ...context, daemon: theirs }).run()
  })
  ours.once('close', () => destroy(theirs, daemon))
  theirs.once('close', () => {
    if (!ours.closed) ours.close()
    setTimeout(() => destroy(ours, client), LINGER_MS).unref()
  })
  if (client.destroyed || daemon.destroyed) {
    destroy(ours, client)
    destroy(theirs, daemon)
  }
}

function destroy(session: ServerHttp2Session | ClientHttp2Session, socket: Duplex): void {
  session.destroy()
  socket.destroy()
}
