import { isDockerMtlsError, type DockerMtlsError } from '../base/errors.ts'

/**
 * Why the gateway itself answers a request, in the header field `X-Docker-Mtls-Reason` of its answer. A refusal of
 * `authorize` has the code of its verdict.
 */
export type GatewayReason =
  /** 400: not a request that a Docker client sends. The message says what is wrong with it. */
  | 'MALFORMED_REQUEST'
  /** 431: the head of the request is too large. */
  | 'HEAD_TOO_LARGE'
  /** 413: the JSON body is larger than `limits.bodyBytes`. */
  | 'BODY_TOO_LARGE'
  /** 400: the version in the path is newer than the newest that the gateway serves. */
  | 'VERSION_UNKNOWN'
  /** 408: the head or the JSON body didn't arrive in time. */
  | 'REQUEST_TIMEOUT'
  /** 429: the identity has too many requests, streams or bodies open, or names things of which the daemon says too much. */
  | 'TOO_MANY_REQUESTS'
  /** 403: the certificate has been revoked. */
  | 'CERTIFICATE_REVOKED'
  /** 403: the permission has ended. Also why a request or stream was cut. */
  | 'RULE_ENDED'
  /** 403: the certificate has expired since the connection was opened, or isn't valid yet. */
  | 'CERTIFICATE_EXPIRED'
  /** 403: the CA of the certificate isn't trusted any more, or has expired. */
  | 'CERTIFICATE_UNTRUSTED'
  /** 403: the certificate isn't one of a client. */
  | 'CERTIFICATE_PURPOSE'
  /** 403: the policy has no `renew` for you. */
  | 'RENEWAL_NOT_ALLOWED'
  /** 400: the body is no certificate request that can be signed. */
  | 'REQUEST_INVALID'
  /** 503: the gateway has no issuer, or it can't be used now. */
  | 'RENEWAL_UNAVAILABLE'
  /** 503: there is no revocation list of a CA of the certificate, or it can't be used. */
  | 'CRL_MISSING'
  /** 503: the revocation list has expired, or isn't valid yet. */
  | 'CRL_EXPIRED'
  /** 503: the audit log can't be written. */
  | 'LOG_FAILED'
  /** 503: `authorize` failed. */
  | 'AUTHORIZATION_FAILED'
  /** 403: the daemon isn't dockerd, or doesn't say so, and your level isn't `privileged`. */
  | 'DAEMON_UNKNOWN'
  /** 502: the daemon can't be reached, or its answer is unusable. */
  | 'DAEMON_UNREACHABLE'

/** Refusals for what a certificate is, whatever its client asks for. */
const FOR_CERTIFICATE: ReadonlySet<string | undefined> = new Set<GatewayReason>([
  'CERTIFICATE_REVOKED',
  'CERTIFICATE_EXPIRED',
  'CERTIFICATE_UNTRUSTED',
  'CERTIFICATE_PURPOSE',
])

/** Why a connection is cut that an identity has no place for. */
export const TOO_MANY_CONNECTIONS = 'too many connections'

/** An answer of the gateway itself. */
export interface Refusal {
  readonly status: number
  readonly code: string
  readonly message: string
}

/** The header field with the reason. */
const REASON_FIELD = 'X-Docker-Mtls-Reason'

/** A refusal by the gateway itself, whose message begins with its name. */
export function refusal(status: number, code: GatewayReason, message: string): Refusal {
  return { status, code, message: `docker-mtls gateway: ${message}` }
}

/** Why it can't be decided whether a request is allowed. */
export function undecided(error: unknown): Refusal {
  if (isDockerMtlsError(error, 'ERR_SERVER_NOT_DOCKERD')) return notDockerd(error)
  return refusal(503, 'AUTHORIZATION_FAILED', 'whether you may do this could not be decided')
}

/** The daemon isn't the one that policies can judge. */
export function notDockerd({ got }: DockerMtlsError): Refusal {
  const message = `the daemon isn't known to be dockerd: ${got}. Only the level privileged may use it (DAEMON_UNKNOWN)`
  return refusal(403, 'DAEMON_UNKNOWN', message)
}

export const ONLY_POST: Refusal = refusal(405, 'MALFORMED_REQUEST', 'a certificate is renewed by POST')

/** Was a client refused for its certificate? No other request on its connection will fare better. */
export function isForCertificate(code: string | undefined): boolean {
  return FOR_CERTIFICATE.has(code)
}

/** Header fields and body of a refusal, in the daemon's form, since clients show its message. */
export function renderRefusal({ code, message }: Refusal): { headers: Record<string, string>; body: string } {
  const body = `${JSON.stringify({ message })}\n`
  const headers = {
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    [REASON_FIELD]: headerText(code),
  }
  return { headers, body }
}

/** A whole answer as text, for a connection without a request that could be read. */
export function renderRawRefusal(refused: Refusal, more: Readonly<Record<string, string>>): string {
  const { headers, body } = renderRefusal(refused)
  const fields = Object.entries({ ...headers, ...more, Connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}`,
  )
  return [`HTTP/1.1 ${refused.status} Refused`, ...fields, '', body].join('\r\n')
}

/** A code or text of `authorize` can contain anything. `also` are allowed besides visible ASCII characters. */
export function headerText(text: string, longest: number = 100, also: '' | ' ' = ''): string {
  return text.slice(0, longest).replaceAll(/[^\x21-\x7e]/g, (one) => (one === also ? one : '_'))
}
