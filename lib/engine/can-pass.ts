import { DockerApiError, isDockerMtlsError, type ErrorCode } from '../base/errors.ts'

/**
 * Failures that may pass without a change of the configuration: a host, a daemon, a name or the certificates aren't there yet.
 * Everything else stays as it is until somebody mends it: a wrong certificate, plaintext, a refused login, an invalid option.
 */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ERR_NAME_NOT_RESOLVED',
  'ERR_CONNECTION_REFUSED',
  'ERR_HOST_UNREACHABLE',
  'ERR_CONNECT_TIMEOUT',
  'ERR_HANDSHAKE_TIMEOUT',
  'ERR_RESPONSE_TIMEOUT',
  'ERR_CONNECTION_RESET',
  'ERR_CONNECTION_CLOSED',
  'ERR_SOCKET_NOT_FOUND',
  'ERR_PROXY_UNREACHABLE',
  'ERR_PROXY_BAD_GATEWAY',
  'ERR_IDENTITY_FILE_MISSING',
  'ERR_API_UNAVAILABLE',
])

/** A gateway or a reverse proxy says that the daemon isn't there. */
const BAD_GATEWAY: ReadonlySet<number> = new Set([502, 504])

/** Somebody may be writing the certificate files, one after the other. */
const HALF_WRITTEN: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ERR_IDENTITY_NOT_PEM',
  'ERR_IDENTITY_CERT_INVALID',
  'ERR_IDENTITY_KEY_INVALID',
  'ERR_IDENTITY_KEY_MISMATCH',
  'ERR_IDENTITY_ISSUER',
  'ERR_IDENTITY_CA_INVALID',
])

/** Writing the files takes less than this, in milliseconds. Files that are wrong for longer stay wrong. */
const WRITING_MS = 3000

/** May the same attempt to connect succeed later? */
export function canPass(error: unknown): boolean {
  if (error instanceof DockerApiError && BAD_GATEWAY.has(error.status)) return true
  return isDockerMtlsError(error) && PASSING.has(error.code)
}

/** Judges the failures of one wait, in order: besides those of {@link canPass}, files that are being written may pass. */
export function passingFaults(): (error: unknown) => boolean {
  let since: number | undefined
  return (error) => {
    if (!isDockerMtlsError(error) || !HALF_WRITTEN.has(error.code)) {
      since = undefined
      return canPass(error)
    }
    since ??= performance.now()
    return performance.now() - since < WRITING_MS
  }
}
