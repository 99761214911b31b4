import http2 from 'node:http2'
import type { Duplex } from 'node:stream'
import { detached } from './detached.ts'
import { GrpcFault, GRPC_STATUS } from './grpc-fault.ts'
import { GrpcStream, type GrpcCall } from './grpc-stream.ts'

/** Handles a call. It sends messages through the call; returning ends the call with status OK. */
export type GrpcMethod = (call: GrpcCall) => Promise<void>

/** The methods that the peer may call, by path: `/package.Service/Method`. */
export type GrpcMethods = Readonly<Record<string, GrpcMethod>>

/** A gRPC server on one connection. */
export interface GrpcServer {
  /** Resolves when the connection has closed, also after a failure. */
  readonly closed: Promise<void>
  /** Closes the connection immediately and cancels running calls. */
  close(): void
}

/** A builder makes few concurrent calls: one for each folder that it reads, and occasional short ones. */
const MAX_STREAMS = 64
/** Each .dockerignore pattern is a header field, and Node's default limit is 128 fields. */
const MAX_HEADER_FIELDS = 65_536
/** In bytes. grpc-go respects the limit that we announce. */
const MAX_HEADER_BYTES = 4 * 1024 * 1024

const OPTIONS: http2.ServerOptions = {
  maxHeaderListPairs: MAX_HEADER_FIELDS,
  // In megabytes. A complete header list counts towards it.
  maxSessionMemory: 32,
  settings: { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: MAX_HEADER_BYTES, enablePush: false },
}

/**
 * Serves gRPC on a connection whose other end is the HTTP/2 client, with prior knowledge (RFC 9113, section 3.3).
 * Unknown methods get the status "unimplemented".
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export function serveGrpc(socket: Duplex, methods: GrpcMethods): GrpcServer {
  const session = http2.performServerHandshake(detached(socket), OPTIONS)
  // `closed` reports the end, and running calls report the failure.
  session.on('error', () => {})
  const closed = new Promise<void>((resolve) => {
    session.once('close', resolve)
  })
  session.on('stream', (stream, headers, _flags, raw?: string[]) => {
    answer(new GrpcStream(stream, headers, raw ?? []), methods).catch(() => {})
  })
  return { closed, close: () => destroy(session, socket) }
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
    // Other errors are our own, and the peer must not see their messages.
    call.end(GRPC_STATUS[fault?.status ?? 'internal'], fault?.message ?? 'the client failed')
  }
}

function destroy(session: http2.ServerHttp2Session, socket: Duplex): void {
  session.destroy()
  socket.destroy()
}
