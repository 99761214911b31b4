/** Judged by tsc alone: a code narrows, and a code that isn't ours doesn't compile. */
import type { BuildFailedError, EndpointError, NotFoundError } from '../../lib/index.ts'
import {
  ArgumentError,
  ConnectionError,
  DockerApiError,
  DockerMtlsError,
  isDockerMtlsError,
  type AnyDockerMtlsError,
  type ApiErrorCode,
  type ArgumentErrorCode,
  type AuditErrorCode,
  type BuildErrorCode,
  type ConnectionErrorCode,
  type CopyErrorCode,
  type DaemonErrorCode,
  type EndpointErrorCode,
  type ErrorCode,
  type FileErrorCode,
  type HealthErrorCode,
  type IdentityErrorCode,
  type PkiErrorCode,
  type PolicyErrorCode,
  type ProvisionErrorCode,
  type RegistryErrorCode,
} from '../../lib/index.ts'

/** Each way out of a switch knows which codes are left. */
export function adviceFor(error: ConnectionError): string {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- most of them aren't what this is about
  switch (error.code) {
    case 'ERR_CLIENT_CERT_EXPIRED':
      return error.todo
    case 'ERR_SERVER_NAME_MISMATCH': {
      const code: 'ERR_SERVER_NAME_MISMATCH' = error.code
      return code
    }
    // @ts-expect-error a connection never fails with a code of the identity
    case 'ERR_IDENTITY_EXPIRED':
      return ''
    // @ts-expect-error a code that is misspelt
    case 'ERR_SERVER_NAME_MISMATCHED':
      return ''
    default: {
      // @ts-expect-error those above are gone
      const gone: 'ERR_CLIENT_CERT_EXPIRED' = error.code
      return gone
    }
  }
}

/** What was thrown is unknown; the guard says that it is ours, and which codes it can't have. */
export function codeOf(error: unknown): ErrorCode | undefined {
  // @ts-expect-error nothing is known yet
  if (error.code === 'ERR_HOST_INVALID') return 'ERR_HOST_INVALID'
  if (!isDockerMtlsError(error)) return undefined
  const ours: AnyDockerMtlsError = error
  if (ours instanceof DockerApiError) {
    const { status, method, path, daemonMessage }: DockerApiError = ours
    return status > 0 && method + path + String(daemonMessage) ? ours.code : undefined
  }
  return ours.code
}

/** One code narrows to its class and to the literal. */
export function narrowedByOne(error: unknown): string | undefined {
  if (isDockerMtlsError(error, 'ERR_API_NOT_FOUND')) {
    const missing: NotFoundError & { readonly code: 'ERR_API_NOT_FOUND' } = error
    // @ts-expect-error it is no other error of the API
    const failed: BuildFailedError = error
    return missing.path + failed.log
  }
  if (isDockerMtlsError(error, 'ERR_API_BUILD_FAILED')) {
    const { log, step }: BuildFailedError = error
    return log + String(step)
  }
  if (isDockerMtlsError(error, 'ERR_USAGE')) {
    const typeError: TypeError = error
    return typeError.message
  }
  return undefined
}

/** Several codes narrow to the union of their classes and codes. */
export function narrowedBySeveral(error: unknown): string | undefined {
  if (!isDockerMtlsError(error, 'ERR_API_NOT_FOUND', 'ERR_HOST_INVALID')) return undefined
  const code: 'ERR_API_NOT_FOUND' | 'ERR_HOST_INVALID' = error.code
  const either: NotFoundError | EndpointError<'ERR_HOST_INVALID'> = error
  // @ts-expect-error only one of both has a status
  const unsure: unknown = error.status
  return error.code === 'ERR_API_NOT_FOUND' ? `${error.status}` : code + either.message + String(unsure)
}

/** Without codes, a switch on the code narrows to the class, and knows the codes that are left. */
export function narrowedBySwitch(error: unknown): number | string | undefined {
  if (!isDockerMtlsError(error)) return undefined
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- most of them aren't what this is about
  switch (error.code) {
    case 'ERR_API_NOT_FOUND': {
      const missing: NotFoundError = error
      return missing.status
    }
    case 'ERR_CLIENT_CERT_EXPIRED': {
      const expired: ConnectionError<'ERR_CLIENT_CERT_EXPIRED'> = error
      // @ts-expect-error the connection has no status
      return expired.todo + String(error.status)
    }
    // @ts-expect-error no such code
    case 'ERR_NOTHING':
      return undefined
    default: {
      // @ts-expect-error those above are gone
      const gone: 'ERR_API_NOT_FOUND' = error.code
      return gone
    }
  }
}

/** `instanceof` narrows to the codes of the family. */
export function narrowedByClass(error: unknown): ConnectionErrorCode | undefined {
  return error instanceof ConnectionError ? error.code : undefined
}

// @ts-expect-error no such code
isDockerMtlsError(null, 'ERR_NOTHING')
// @ts-expect-error a class has codes of its own
export const misplaced: ConnectionError = new ConnectionError('ERR_HOST_INVALID', { tried: '', got: '', todo: '' })
// @ts-expect-error every error says what to do
export const helpless: ConnectionError = new ConnectionError('ERR_TLS_FAILED', { tried: '', got: '' })
// @ts-expect-error a code is never changed
new DockerMtlsError('ERR_TLS_FAILED', { tried: '', got: '', todo: '' }).code = 'ERR_HOST_INVALID'
/** An argument mistake is a TypeError. */
export const mistake: TypeError = new ArgumentError('ERR_OPTION_UNKNOWN', { tried: '', got: '', todo: '' })

type Rooms =
  | ApiErrorCode
  | ArgumentErrorCode
  | BuildErrorCode
  | ConnectionErrorCode
  | CopyErrorCode
  | DaemonErrorCode
  | EndpointErrorCode
  | AuditErrorCode
  | FileErrorCode
  | HealthErrorCode
  | IdentityErrorCode
  | PkiErrorCode
  | PolicyErrorCode
  | ProvisionErrorCode
  | RegistryErrorCode

/** The union of all codes is the rooms' codes and no other. */
export const everyCode: [ErrorCode] extends [Rooms] ? ([Rooms] extends [ErrorCode] ? true : never) : never = true
