export { createGateway, type Gateway } from './gateway/gateway.ts'
export type { GatewayLimits, GatewayListen, GatewayOptions, GatewayTls } from './gateway/options.ts'
export type { GatewayReason } from './gateway/refusal.ts'
export type { AskedRequest, GatewayEvent, GatewayIdentity, InspectKind, SentInstead, Verdict } from './gateway/types.ts'
export type { ConnectionSource, EndpointAndIdentity } from './interop/source.ts'
export {
  ArgumentError,
  ConnectionError,
  DockerMtlsError,
  FileError,
  IdentityError,
  isDockerMtlsError,
  PkiError,
} from './base/errors.ts'
export type { ErrorCode } from './base/errors.ts'
