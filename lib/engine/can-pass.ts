import { isDockerMtlsError, type ErrorCode } from '../base/errors.ts'

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
])

/** May the same attempt to connect succeed later? */
export function canPass(error: unknown): boolean {
  return isDockerMtlsError(error) && PASSING.has(error.code)
}
