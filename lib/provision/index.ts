export { initialise, type InitClient, type InitReport } from './init.ts'
export type { InitOptions } from './init-options.ts'
export type { DaemonSettings, DaemonWishes } from './override.ts'
export type { FileResult } from './text-file.ts'
export { renewCertificates, type RenewedCertificate, type RenewOptions, type RenewReport } from './renew/renew.ts'
export { listKnown, type CertificateState, type KnownCertificate } from './renew/known.ts'
export type { PlacedCertificate, RenewalItem, RenewalReason } from './renew/plan.ts'
export { rotateAuthority } from './rotate/rotate.ts'
export type { NextAuthority } from './rotate/begin.ts'
export type { Look } from './rotate/look.ts'
export type { RotateOptions } from './rotate/options.ts'
export type { RotationReport, WaitingClient, WaitingServer } from './rotate/report.ts'
export { requestClient, type ClientRequestOptions, type ClientRequestReport } from './client/request.ts'
export { installClient, type InstallOptions, type InstallReport } from './client/install.ts'
export type { TrustedAuthority } from './client/trust.ts'
export type { OnStep, StepEvent, StepState } from './progress.ts'
export type { KeyType } from '../pki/key-type.ts'
export type { RotatedAuthority, RotationPhase } from '../pki/rotation-state.ts'
export {
  ArgumentError,
  DaemonError,
  DockerMtlsError,
  EndpointError,
  FileError,
  IdentityError,
  isDockerMtlsError,
  PkiError,
} from '../errors.ts'
export type { ErrorCode } from '../errors.ts'
