import { DockerApiError, isDockerMtlsError, type ErrorCode } from '../../base/errors.ts'
import { codeOf, errorWithCode } from '../../base/system-error.ts'
import { formatEndpoint } from '../../endpoint/endpoint.ts'
import { bareHost } from '../../identity/names.ts'
import { explainFault } from '../../transport/faults.ts'
import type { TlsEvidence } from './tls-evidence.ts'
import { valueOf } from './deadline.ts'
import type { StepName } from './step.ts'

/** The step of a TLS connection at which it fails with a code. */
const STEPS: Readonly<Partial<Record<ErrorCode, StepName>>> = {
  ERR_NAME_NOT_RESOLVED: 'resolve',
  ERR_CONNECTION_REFUSED: 'tcp',
  ERR_HOST_UNREACHABLE: 'tcp',
  ERR_CONNECT_TIMEOUT: 'tcp',
  ERR_HANDSHAKE_TIMEOUT: 'tls',
  ERR_SERVER_PLAINTEXT: 'tls',
  ERR_SERVER_TLS_TOO_OLD: 'tls',
  ERR_SERVER_NO_COMMON_CIPHER: 'tls',
  ERR_TLS_FAILED: 'tls',
  ERR_CONNECTION_FAILED: 'tls',
  ERR_SERVER_CERT_UNTRUSTED: 'ca',
  ERR_SERVER_CA_KEY_DIFFERS: 'ca',
  ERR_SERVER_CERT_WEAK: 'ca',
  ERR_SERVER_CERT_PURPOSE: 'ca',
  ERR_SERVER_NAME_MISMATCH: 'names',
  ERR_SERVER_NAME_MISSING: 'names',
  ERR_SERVER_CERT_EXPIRED: 'dates',
  ERR_SERVER_CERT_NOT_YET_VALID: 'dates',
  ERR_CLIENT_CERT_REQUIRED: 'client',
  ERR_CLIENT_CERT_REFUSED: 'client',
  ERR_CLIENT_CERT_EXPIRED: 'client',
  ERR_CLIENT_CERT_UNTRUSTED: 'client',
}

/** Reasons of a gateway that are about the client's certificate, and none about a request. */
const OF_CLIENT = /^CERTIFICATE_/

/**
 * The step at which the connection failed; undefined if it didn't. A connection that was cut has failed at the stage that
 * it had reached: before the server's certificate, or after it, where the server judges ours.
 */
export function failedStep({ attempt: { error, peer }, certificate }: TlsEvidence): StepName | undefined {
  if (error === undefined) return undefined
  // A gateway refuses some certificates only in its answer, since TLS could not say why.
  if (error instanceof DockerApiError && OF_CLIENT.test(error.gatewayReason ?? '')) return 'client'
  // Once both sides have accepted each other, it is the request that failed.
  if (peer !== undefined) return 'api'
  if (!isDockerMtlsError(error)) return 'tls'
  if (error.code === 'ERR_CONNECTION_RESET' || error.code === 'ERR_CONNECTION_CLOSED') {
    return certificate === undefined ? 'tls' : 'client'
  }
  return STEPS[error.code] ?? 'tls'
}

/**
 * The error that a connection would have for a fault that was seen beside it. The connection itself reports only one fault, and
 * may have failed at another.
 *
 * @param code - Node's or OpenSSL's, such as `CERT_HAS_EXPIRED`
 */
export function faultOf(code: string, { endpoint, identity, certificate }: TlsEvidence): unknown {
  return explainFault(errorWithCode(code, code), {
    target: formatEndpoint(endpoint),
    kind: 'tls',
    host: bareHost(endpoint.host),
    authorities: identity.authorities,
    ...(certificate && { server: certificate }),
  })
}

/**
 * The evidence of a connection that was not there when the time for everything ended: on a busy machine, its own time-out comes too
 * late. It has the error that this time-out would have had.
 */
export function withOwnTimeout(evidence: TlsEvidence): TlsEvidence {
  const { attempt, addresses } = evidence
  const { error, peer } = attempt
  const isLate = isDockerMtlsError(error, 'ERR_RESPONSE_TIMEOUT') || codeOf(error) === 'ETIMEDOUT'
  if (peer !== undefined || !isLate) return evidence
  const isReached = valueOf(addresses)?.some((one) => one.error === undefined) === true
  return { ...evidence, attempt: { error: faultOf(isReached ? 'HANDSHAKE_TIMEOUT' : 'ETIMEDOUT', evidence) } }
}
