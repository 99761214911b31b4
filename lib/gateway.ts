export { createGateway } from './gateway/create.ts'
export type { Gateway, GatewayAddress } from './gateway/interface.ts'
export type {
  DaemonSocket,
  GatewayChange,
  GatewayIssuer,
  GatewayLimits,
  GatewayListen,
  GatewayOptions,
  GatewayTls,
} from './gateway/options.ts'
export type { GatewayReason } from './gateway/refusal.ts'
export type { AuditLog, AuditLogOptions } from './gateway/log/interface.ts'
export { openAuditLog } from './gateway/log/open.ts'
export { verifyAuditLog, type LogVerification, type VerifiedLine } from './gateway/log/verify.ts'
export type { LogFault } from './gateway/log/walk.ts'
export { createMetrics } from './gateway/metrics/create.ts'
export type { Metrics, MetricsOptions } from './gateway/metrics/interface.ts'
export type {
  CertificateRenewed,
  ConnectionCut,
  GatewayCaller,
  GatewayChanged,
  GatewayEvent,
  GatewayFailure,
  HandshakeRefused,
  RequestBegan,
  RequestEnded,
  RequestFacts,
} from './gateway/events.ts'
export type {
  Allowed,
  AskedRequest,
  Decided,
  FoundReason,
  GatewayIdentity,
  InspectKind,
  Refused,
  RefusedPart,
  SentInstead,
  Verdict,
  VerdictNotes,
} from './gateway/types.ts'
export type { RequestDetails } from './policy/details/types.ts'
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
