export { createAuthority, type Authority, type AuthorityOptions } from './pki/ca.ts'
export { parseClientName, suggestClientName } from './pki/client-name.ts'
export type { Passphrase } from './pki/encrypted-key.ts'
export type { KeyUsage } from './pki/extensions.ts'
export {
  PkiFolder,
  type ClientFiles,
  type FolderAuthorityOptions,
  type FolderAuthorityResult,
  type FolderLeafOptions,
  type FolderLeafResult,
  type FolderServerOptions,
  type FolderSignOptions,
  type FolderSignResult,
  type LedgerEntry,
  type ListedCertificate,
} from './keystore/keystore.ts'
export type { AuthorityPaths, LeafPaths } from './keystore/layout.ts'
export { inspectCertificate, type CertificateInspection } from './pki/inspect.ts'
export { createIssuer } from './pki/issuer.ts'
export {
  issueClient,
  issueServer,
  type IssuedCertificate,
  type ClientOptions,
  type LeafOptions,
  type ServerOptions,
} from './pki/issue.ts'
export { KEY_TYPES, parseKeyType, type KeyType } from './pki/key-type.ts'
export { loadAuthority, type AuthorityFiles } from './pki/load-ca.ts'
export { createCrl, type Crl, type CrlOptions, type RevokedCertificate } from './pki/crl.ts'
export type { RevocationReason } from './pki/revocation-reasons.ts'
export { exportPkcs12, type Pkcs12Options } from './pki/pkcs12.ts'
export type { ExtensionFacts } from './pki/read-extensions.ts'
export { readRequest, type ReadRequestOptions, type RequestFacts } from './pki/read-request.ts'
export { createRequest, type CertificateRequest, type RequestOptions } from './pki/request.ts'
export { parseServerName, parseServerNames, type ServerName } from './pki/server-name.ts'
export { signRequest, type SignedRequest, type SignOptions } from './pki/sign-request.ts'
export type { Role, Verdict } from './pki/verdicts.ts'
export type { CertificateFacts, CertificateNames, KeyFacts } from './identity/certificate.ts'
export { ArgumentError, DockerMtlsError, FileError, isDockerMtlsError, PkiError } from './base/errors.ts'
export type { ErrorCode, FileErrorCode, PkiErrorCode } from './base/errors.ts'
