import type { CertificateFacts } from '../identity/certificate.ts'
import type { ConnectionContext, Wording } from './connection-context.ts'

/** `build01.example.com, 10.0.0.4`: what a certificate is for. */
export function listNames({ names }: CertificateFacts): string {
  return [...names.dns, ...names.ip].join(', ')
}

const day = (date: Date): string => date.toISOString().slice(0, 10)

/** The names come from the other side, and the command is copied into a shell: `*.example.com`, or worse. */
const quoted = (name: string): string =>
  /^[\w.:-]+$/.test(name) ? name : `'${name.replaceAll("'", String.raw`'\''`)}'`

/** What the CA's keeper does: all names that the certificate has, since leaving one out would take it away, and this one. */
function reissue({ server, host = 'NAME' }: ConnectionContext): string {
  const names = server ? [...server.names.dns, ...server.names.ip] : []
  const all = names.includes(host) ? names : [...names, host]
  return `docker-mtls cert server ${all.map(quoted).join(' ')} --force  ${THEN_COPY}`
}

const THEN_COPY = "Then copy server-cert.pem and server-key.pem to the daemon's host and restart it."

function nameFault(known: ConnectionContext): Wording {
  const names = known.server ? listNames(known.server) : ''
  if (names === '') {
    return {
      code: 'ERR_SERVER_NAME_MISSING',
      got: `the server's certificate has no subject alternative name (its common name${known.server?.commonName ? ` ${known.server.commonName}` : ''} does not count, RFC 9110 section 4.3.4)`,
      todo: `Re-issue it with its names:  ${reissue(known)}`,
    }
  }
  return {
    code: 'ERR_SERVER_NAME_MISMATCH',
    got: `the server's certificate is for ${names}`,
    todo: `Reach it by one of those names, or re-issue it:  ${reissue(known)}`,
  }
}

/** OpenSSL says "expired" of any certificate in the chain: ours in ca.pem, too. */
function expiredFault(known: ConnectionContext): Wording {
  const ended = known.server
  const fromCa = ended !== undefined && ended.validTo.getTime() > Date.now()
  return {
    code: 'ERR_SERVER_CERT_EXPIRED',
    got: fromCa
      ? "the CA that signed the server's certificate has expired"
      : `the server's certificate has expired${ended ? ` on ${day(ended.validTo)}` : ''}`,
    todo: fromCa
      ? 'Make a new CA:  docker-mtls cert ca --replace-ca'
      : `Have it renewed, where the authority is:  docker-mtls cert renew --server  ${THEN_COPY}`,
  }
}

function untrustedFault(known: ConnectionContext): Wording {
  const { server, authorities = [] } = known
  if (server && authorities.some((ca) => ca.subject === server.issuer)) {
    return {
      code: 'ERR_SERVER_CA_KEY_DIFFERS',
      got: "the server's certificate was signed by a CA that has the name of ours, but another key",
      todo: 'Copy ca.pem anew from the CA that serves this host. If nobody replaced the CA, somebody may be in the middle: do not connect.',
    }
  }
  return {
    code: 'ERR_SERVER_CERT_UNTRUSTED',
    got: `the server's certificate was not signed by a CA in ca.pem${server ? ` (it names "${server.issuer.replaceAll('\n', ', ')}")` : ''}`,
    todo: 'Copy ca.pem from the CA that serves this host. If you did already, somebody may be in the middle: do not connect.',
  }
}

function weakFault(): Wording {
  return {
    code: 'ERR_SERVER_CERT_WEAK',
    got: "the server's certificate has a key or signature that is too weak",
    todo: 'Re-issue it (P-256 is the default):  docker-mtls cert server NAME --force',
  }
}

const FAULTS: Record<string, (known: ConnectionContext) => Wording> = {
  ERR_TLS_CERT_ALTNAME_INVALID: nameFault,
  CERT_HAS_EXPIRED: expiredFault,
  CERT_NOT_YET_VALID: (known) => ({
    code: 'ERR_SERVER_CERT_NOT_YET_VALID',
    got: `the server's certificate is valid only from ${known.server?.validFrom.toISOString() ?? 'a later time'} on`,
    todo: 'Compare the clocks of both machines: date -u',
  }),
  INVALID_PURPOSE: () => ({
    code: 'ERR_SERVER_CERT_PURPOSE',
    got: "the server presents a certificate that isn't meant for servers",
    todo: "Give the daemon server-cert.pem and server-key.pem, not a client's:  docker-mtls cert server NAME",
  }),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrustedFault,
  UNABLE_TO_GET_ISSUER_CERT: untrustedFault,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrustedFault,
  SELF_SIGNED_CERT_IN_CHAIN: untrustedFault,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrustedFault,
  CERT_SIGNATURE_FAILURE: untrustedFault,
  CERT_UNTRUSTED: untrustedFault,
  CERT_REJECTED: untrustedFault,
  INVALID_CA: untrustedFault,
  PATH_LENGTH_EXCEEDED: untrustedFault,
  CERT_CHAIN_TOO_LONG: untrustedFault,
  CA_MD_TOO_WEAK: weakFault,
  EE_KEY_TOO_SMALL: weakFault,
  CA_KEY_TOO_SMALL: weakFault,
  ERR_SSL_EE_KEY_TOO_SMALL: weakFault,
  ERR_SSL_CA_MD_TOO_WEAK: weakFault,
}

/** What Node has no name for is UNSPECIFIED, with OpenSSL's reason as its message. */
function unspecifiedFault(reason: string): Wording {
  if (/too weak|too small/.test(reason)) return weakFault()
  return {
    code: 'ERR_SERVER_CERT_UNTRUSTED',
    got: `the server's certificate does not hold (${reason})`,
    todo: 'Re-issue it, within what its CA may sign:  docker-mtls cert server NAME --force',
  }
}

/** The verification of a server's certificate (X509_V_ERR_... of OpenSSL, and our own name check) in our words. */
export function serverCertificateFault(code: string, known: ConnectionContext, reason = ''): Wording | undefined {
  return code === 'UNSPECIFIED' ? unspecifiedFault(reason) : FAULTS[code]?.(known)
}
