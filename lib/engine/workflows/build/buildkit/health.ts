import type { GrpcMethods } from '../../../../transport/grpc.ts'

/** `status: SERVING` (grpc/health/v1/health.proto). */
const SERVING: Uint8Array = Uint8Array.of(0x08, 0x01)

/** The daemon asks every few seconds whether we are still there, and ends the session where we don't say so. */
export const HEALTH: GrpcMethods = {
  '/grpc.health.v1.Health/Check': (call) => call.send(SERVING),
}
