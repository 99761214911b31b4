/** Status codes of gRPC (grpc/doc/statuscodes.md), those that we send. */
export const GRPC_STATUS = {
  ok: 0,
  invalidArgument: 3,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
} as const

/** A refusal that the peer is told, in these words. */
export class GrpcFault extends Error {
  readonly status: Exclude<keyof typeof GRPC_STATUS, 'ok'>

  constructor(status: GrpcFault['status'], message: string) {
    super(message)
    this.status = status
  }
}
