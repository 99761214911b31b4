/** Judged by tsc alone: a code narrows, and a code that isn't ours doesn't compile. */
import {
  ArgumentError,
  ConnectionError,
  DockerApiError,
  DockerMtlsError,
  isDockerMtlsError,
  type AnyDockerMtlsError,
  type ApiErrorCode,
  type ArgumentErrorCode,
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
  | FileErrorCode
  | HealthErrorCode
  | IdentityErrorCode
  | PkiErrorCode
  | ProvisionErrorCode
  | RegistryErrorCode

/** The union of all codes is the rooms' codes and no other. */
export const everyCode: [ErrorCode] extends [Rooms] ? ([Rooms] extends [ErrorCode] ? true : never) : never = true
