export { initialise, type InitClient, type InitReport } from './keystore/init/init.ts'
export type { InitOptions } from './keystore/init/options.ts'
export type { DaemonSettings, DaemonWishes } from './daemon-config/settings.ts'
export type { FileResult } from './base/rendered-file.ts'
export {
  renewCertificates,
  type RenewedCertificate,
  type RenewOptions,
  type RenewReport,
} from './keystore/renew/renew.ts'
export { listKnown, type CertificateState, type KnownCertificate } from './keystore/renew/known.ts'
export type { PlacedCertificate, RenewalItem, RenewalReason } from './keystore/renew/plan.ts'
export { rotateAuthority } from './keystore/rotate/rotate.ts'
export type { NextAuthority } from './keystore/rotate/begin.ts'
export type { Look } from './keystore/rotate/inspect-daemon.ts'
export type { RotateOptions } from './keystore/rotate/options.ts'
export type { RotationReport, WaitingClient, WaitingServer } from './keystore/rotate/report.ts'
export { requestClient, type ClientRequestOptions, type ClientRequestReport } from './keystore/client/request.ts'
export { installClient, type InstallOptions, type InstallReport } from './keystore/client/install.ts'
export type { TrustedAuthority } from './keystore/client/trust.ts'
export type { OnStep, StepEvent, StepState } from './base/progress.ts'
export type { KeyType } from './pki/key-type.ts'
export type { RotatedAuthority, RotationPhase } from './keystore/rotate/state.ts'
export {
  ArgumentError,
  DaemonError,
  DockerMtlsError,
  EndpointError,
  FileError,
  IdentityError,
  isDockerMtlsError,
  PkiError,
} from './base/errors.ts'
export type { ErrorCode } from './base/errors.ts'
