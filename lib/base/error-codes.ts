import type { API_ERRORS } from './error-catalog/api.ts'
import type { ARGUMENT_ERRORS } from './error-catalog/argument.ts'
import type { AUDIT_ERRORS } from './error-catalog/audit.ts'
import type { BUILD_ERRORS } from './error-catalog/build.ts'
import type { CONNECTION_ERRORS } from './error-catalog/connection.ts'
import type { COPY_ERRORS } from './error-catalog/copy.ts'
import type { DAEMON_ERRORS } from './error-catalog/daemon.ts'
import type { ENDPOINT_ERRORS } from './error-catalog/endpoint.ts'
import type { FILE_ERRORS } from './error-catalog/file.ts'
import type { HEALTH_ERRORS } from './error-catalog/health.ts'
import type { IDENTITY_ERRORS } from './error-catalog/identity.ts'
import type { PKI_ERRORS } from './error-catalog/pki.ts'
import type { POLICY_ERRORS } from './error-catalog/policy.ts'
import type { PROVISION_ERRORS } from './error-catalog/provision.ts'
import type { REGISTRY_ERRORS } from './error-catalog/registry.ts'
import type { SSH_AND_PROXY_ERRORS } from './error-catalog/ssh.ts'
import type { TLS_ERRORS } from './error-catalog/tls.ts'

// The catalogue is data for docs/errors.md. Only its types are imported: an app loads none of its texts.

/**
 * Which endpoint was meant: hosts, DOCKER_* variables, `.env` files and contexts.
 *
 * @useDeclaredType
 */
export type EndpointErrorCode = keyof typeof ENDPOINT_ERRORS

/**
 * Your own key, certificate and CA, refused before a byte leaves the machine.
 *
 * @useDeclaredType
 */
export type IdentityErrorCode = keyof typeof IDENTITY_ERRORS

/**
 * Reaching the daemon: DNS, TCP, TLS, the socket, ssh, a proxy, and what a dispatcher refuses to do.
 *
 * @useDeclaredType
 */
export type ConnectionErrorCode =
  | keyof typeof CONNECTION_ERRORS
  | keyof typeof TLS_ERRORS
  | keyof typeof SSH_AND_PROXY_ERRORS

/**
 * The daemon answered with a failure.
 *
 * @useDeclaredType
 */
export type ApiErrorCode = keyof typeof API_ERRORS

/**
 * Issuing, renewing and keeping certificates.
 *
 * @useDeclaredType
 */
export type PkiErrorCode = keyof typeof PKI_ERRORS

/**
 * Settings that must not, or can't, be rendered for the daemon or for a shell.
 *
 * @useDeclaredType
 */
export type DaemonErrorCode = keyof typeof DAEMON_ERRORS

/**
 * Changing a host: preconditions, failures and rollback.
 *
 * @useDeclaredType
 */
export type ProvisionErrorCode = keyof typeof PROVISION_ERRORS

/**
 * Image names, and the registry credentials that the Docker CLI stores.
 *
 * @useDeclaredType
 */
export type RegistryErrorCode = keyof typeof REGISTRY_ERRORS

/**
 * The context, Dockerfile and secrets that are sent for a build.
 *
 * @useDeclaredType
 */
export type BuildErrorCode = keyof typeof BUILD_ERRORS

/**
 * Waiting for a container to become healthy.
 *
 * @useDeclaredType
 */
export type HealthErrorCode = keyof typeof HEALTH_ERRORS

/**
 * Copying files into a container or out of one.
 *
 * @useDeclaredType
 */
export type CopyErrorCode = keyof typeof COPY_ERRORS

/**
 * Snapshots, exceptions and baselines of an audit.
 *
 * @useDeclaredType
 */
export type AuditErrorCode = keyof typeof AUDIT_ERRORS

/**
 * Reading a policy.
 *
 * @useDeclaredType
 */
export type PolicyErrorCode = keyof typeof POLICY_ERRORS

/**
 * Reading and writing files on this machine.
 * Reading and writing files and streams on this machine.
 *
 * @useDeclaredType
 */
export type FileErrorCode = keyof typeof FILE_ERRORS

/**
 * A call with invalid arguments.
 *
 * @useDeclaredType
 */
export type ArgumentErrorCode = keyof typeof ARGUMENT_ERRORS

/** Every code that an error of this package can have: `switch (error.code)` narrows on it. */
export type ErrorCode =
  | EndpointErrorCode
  | IdentityErrorCode
  | ConnectionErrorCode
  | ApiErrorCode
  | PkiErrorCode
  | DaemonErrorCode
  | ProvisionErrorCode
  | RegistryErrorCode
  | BuildErrorCode
  | CopyErrorCode
  | HealthErrorCode
  | AuditErrorCode
  | PolicyErrorCode
  | FileErrorCode
  | ArgumentErrorCode
