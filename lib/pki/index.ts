export { createAuthority, type Authority, type AuthorityOptions } from './authority.ts'
export { parseClientName, suggestClientName } from './client-name.ts'
export type { Passphrase } from './encrypted-key.ts'
export type { KeyUsage } from './extensions.ts'
export { PkiFolder, type FolderLeafOptions, type FolderServerOptions } from './folder.ts'
export type { FolderAuthorityOptions, FolderAuthorityResult } from './folder-authority.ts'
export type { FolderLeafResult } from './folder-issue.ts'
export type { FolderSignOptions, FolderSignResult } from './folder-sign.ts'
export type { AuthorityPaths, LeafPaths } from './folder-layout.ts'
export type { ClientFiles, ListedCertificate } from './folder-list.ts'
export { inspectCertificate, type CertificateInspection } from './inspect.ts'
export {
  issueClient,
  issueServer,
  type IssuedCertificate,
  type ClientOptions,
  type LeafOptions,
  type ServerOptions,
} from './issue.ts'
export { KEY_TYPES, parseKeyType, type KeyType } from './key-type.ts'
export type { LedgerEntry } from './ledger.ts'
export { loadAuthority, type AuthorityFiles } from './load-authority.ts'
export { exportPkcs12, type Pkcs12Options } from './pkcs12.ts'
export type { ExtensionFacts } from './read-extensions.ts'
export { readRequest, type ReadRequestOptions, type RequestFacts } from './read-request.ts'
export { createRequest, type CertificateRequest, type RequestOptions } from './request.ts'
export { parseServerName, parseServerNames, type ServerName } from './server-name.ts'
export { signRequest, type SignedRequest, type SignOptions } from './sign-request.ts'
export type { Role, Verdict } from './verdicts.ts'
export type { CertificateFacts, CertificateNames, KeyFacts } from '../identity/certificate.ts'
export { ArgumentError, DockerMtlsError, FileError, isDockerMtlsError, PkiError } from '../errors.ts'
export type { ErrorCode, FileErrorCode, PkiErrorCode } from '../errors.ts'
