/** The gRPC status codes that we send (grpc/doc/statuscodes.md). */
export const GRPC_STATUS = {
  ok: 0,
  invalidArgument: 3,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
} as const

/** An error that the peer receives, with its status and message. */
export class GrpcFault extends Error {
  readonly status: Exclude<keyof typeof GRPC_STATUS, 'ok'>

  constructor(status: GrpcFault['status'], message: string) {
    super(message)
    this.status = status
  }
}
