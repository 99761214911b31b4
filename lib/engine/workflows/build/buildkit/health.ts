import type { GrpcMethods } from '../../../../transport/grpc.ts'

/** `status: SERVING` (grpc/health/v1/health.proto). */
const SERVING: Uint8Array = Uint8Array.of(0x08, 0x01)

/** The daemon calls this every few seconds, and ends the session if there is no answer. */
export const HEALTH: GrpcMethods = {
  '/grpc.health.v1.Health/Check': (call) => call.send(SERVING),
}
