export { createGateway } from './gateway/create.ts'
export type { Gateway, GatewayAddress } from './gateway/interface.ts'
export type {
  DaemonSocket,
  GatewayChange,
  GatewayLimits,
  GatewayListen,
  GatewayOptions,
  GatewayTls,
} from './gateway/options.ts'
export type { GatewayReason } from './gateway/refusal.ts'
export type {
  Allowed,
  AskedRequest,
  ConnectionCut,
  GatewayEvent,
  GatewayFailure,
  GatewayIdentity,
  HandshakeRefused,
  InspectKind,
  Refused,
  RequestEnded,
  SentInstead,
  Verdict,
} from './gateway/types.ts'
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
