export { ensureIssuer, type IssuerFolderOptions, type IssuerResult } from './keystore/issuer.ts'
export { initialise, type InitClient, type InitOptions, type InitReport } from './keystore/init/init.ts'
export type { RequestedSettings as DaemonWishes } from './daemon-config/requested-settings.ts'
export type { DaemonSettings } from './daemon-config/settings-in-force.ts'
export type { FileResult } from './base/rendered-file.ts'
export {
  renewCertificates,
  type PlacedCertificate,
  type RenewalItem,
  type RenewalReason,
  type RenewedCertificate,
  type RenewedLists,
  type RenewOptions,
  type RenewReport,
} from './keystore/renew/renew.ts'
export { listKnown, type CertificateState, type KnownCertificate } from './keystore/renew/known.ts'
export type { PresentedCertificate } from './keystore/presented.ts'
export {
  rotateAuthority,
  type Look,
  type NextAuthority,
  type RotateOptions,
  type RotationReport,
  type WaitingClient,
  type WaitingServer,
} from './keystore/rotate/rotate.ts'
export { readCrl, type CrlState, type FolderList } from './keystore/crl/state.ts'
export {
  revokeClient,
  writeCrl,
  type CrlFolderOptions,
  type Revocation,
  type RevokeOptions,
  type RevokeReport,
} from './keystore/revoke.ts'
export type { RevocationReason } from './pki/revocation-reasons.ts'
export { requestClient, type ClientRequestOptions, type ClientRequestReport } from './keystore/client/request.ts'
export {
  installClient,
  type InstallOptions,
  type InstallReport,
  type TrustedAuthority,
} from './keystore/client/install.ts'
export type { OnStep, StepEvent, StepState } from './base/progress.ts'
export type { KeyType } from './pki/key-type.ts'
export type { RotatedAuthority, RotationPhase } from './keystore/keystore.ts'
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
