import http2 from 'node:http2'
import type { Duplex } from 'node:stream'
import { detached } from './detached.ts'
import { GrpcFault, GRPC_STATUS } from './grpc-fault.ts'
import { GrpcStream, type GrpcCall } from './grpc-stream.ts'

/** Answers a call: its messages are sent by the call itself, and returning ends it well. */
export type GrpcMethod = (call: GrpcCall) => Promise<void>

/** Everything that the peer can reach, by path: `/package.Service/Method`. */
export type GrpcMethods = Readonly<Record<string, GrpcMethod>>

/** A connection on which we serve. */
export interface GrpcServer {
  /** When the connection is over, however it ended. */
  readonly closed: Promise<void>
  /** Ends it at once, with every call that runs. */
  close(): void
}

/** A builder has a handful of calls at once: one for each folder that it reads, and now and then a small one. */
const STREAMS = 64
/** A pattern of a .dockerignore is a header field, and Node's own limit is 128 of them. */
const HEADERS = 65_536
/** In bytes; grpc-go keeps to what we say here. */
const HEADER_BYTES = 4 * 1024 * 1024

const OPTIONS: http2.ServerOptions = {
  maxHeaderListPairs: HEADERS,
  // A header list is held whole, and counts. In megabytes.
  maxSessionMemory: 32,
  settings: { maxConcurrentStreams: STREAMS, maxHeaderListSize: HEADER_BYTES, enablePush: false },
}

/**
 * Serves gRPC on a connection whose other end is the HTTP/2 client, with prior knowledge (RFC 9113, section 3.3).
 * What isn't among the methods is refused as unimplemented.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export function serveGrpc(socket: Duplex, methods: GrpcMethods): GrpcServer {
  const session = http2.performServerHandshake(detached(socket), OPTIONS)
  // The end is told by `closed`; whoever runs a call hears of a failure there.
  session.on('error', () => {})
  const closed = new Promise<void>((resolve) => {
    session.once('close', resolve)
  })
  session.on('stream', (stream, headers, _flags, raw?: string[]) => {
    answer(new GrpcStream(stream, headers, raw ?? []), methods).catch(() => {})
  })
  return { closed, close: () => end(session, socket) }
}

async function answer(call: GrpcStream, methods: GrpcMethods): Promise<void> {
  try {
    if (!call.isGrpc) return call.refuse()
    if (!Object.hasOwn(methods, call.path))
      throw new GrpcFault('unimplemented', `unknown method ${call.path.slice(0, 200)}`)
    await methods[call.path]?.(call)
    call.end(GRPC_STATUS.ok, '')
  } catch (error) {
    const fault = error instanceof GrpcFault ? error : undefined
    // Other errors are ours, and their words none of the peer's business.
    call.end(GRPC_STATUS[fault?.status ?? 'internal'], fault?.message ?? 'the client failed')
  }
}

function end(session: http2.ServerHttp2Session, socket: Duplex): void {
  session.destroy()
  socket.destroy()
}
