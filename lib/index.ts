export { connect, type DockerClient } from './engine/client.ts'
export { path, type ApiPath } from './engine/path.ts'
export type { Query, QueryValue } from './engine/query.ts'
export type { Session } from './engine/session.ts'
export type { SessionOptions } from './engine/options/session.ts'
export type { OpenAnswer, RequestDescription, RequestOptions } from './engine/send.ts'
export type { SystemInfo, SystemVersion, VersionComponent } from './engine/types/system.ts'
export { NEWEST_API_VERSION, OLDEST_API_VERSION, type Ping } from './engine/version.ts'
export {
  formatEndpoint,
  type Endpoint,
  type NpipeEndpoint,
  type SshEndpoint,
  type TlsEndpoint,
  type UnixEndpoint,
} from './endpoint/endpoint.ts'
export { parseHost, type ParseHostOptions } from './endpoint/host.ts'
export type { Environment } from './endpoint/environment.ts'
export type { EndpointOptions } from './endpoint/options.ts'
export { explainEndpoint, type Explanation, type Step } from './endpoint/explain.ts'
export type { Verdict } from './endpoint/notes.ts'
export { resolveEndpoint, type Resolution, type ResolvedEndpoint } from './endpoint/resolve.ts'
export type { CertificateFacts } from './identity/certificate.ts'
export { loadIdentity, type Identity, type IdentityOptions, type IdentityValues } from './identity/identity.ts'
export { createDispatcher, type DockerDispatcher } from './transport/dispatcher.ts'
export type { DispatcherOptions } from './transport/dispatcher-options.ts'
export type { Peer } from './transport/peer.ts'
export type { RequestBody } from './transport/body.ts'
export type { AnswerHeaders } from './transport/collector.ts'
export type { IdentityTokenAuth, PasswordAuth, RegistryAuth, RegistryTokenAuth } from './registry/auth.ts'
export {
  loadRegistryCredentials,
  type RegistryCredentials,
  type RegistryCredentialsOptions,
} from './registry/credentials.ts'
export type { RegistryAuthSource } from './registry/headers.ts'
export { formatReference, parseReference, type ImageReference } from './registry/reference.ts'
export * from './errors.ts'
