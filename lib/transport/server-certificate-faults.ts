import { command, ours, sentence, type Sentence } from '../base/sentence.ts'
import type { CertificateFacts } from '../identity/certificate.ts'
import type { ConnectionContext, Wording } from './connection-context.ts'

/** `build01.example.com, 10.0.0.4`: what a certificate is for. */
export function listNames({ names }: CertificateFacts): string {
  return [...names.dns, ...names.ip].join(', ')
}

const day = (date: Date): string => date.toISOString().slice(0, 10)

/**
 * The command for the machine with the CA: with all names of the certificate, since it would lose those left out, and the
 * host's. The names come from the other side: one that the command line would take for an option is dropped.
 */
function reissue({ server, host = 'NAME' }: ConnectionContext): Sentence {
  const names = server ? [...server.names.dns, ...server.names.ip].filter((name) => !name.startsWith('-')) : []
  const all = names.includes(host) ? names : [...names, host]
  return sentence`${ours('cert', 'server', ...all, '--force')}  ${THEN_COPY}`
}

const THEN_COPY = "Then copy server-cert.pem and server-key.pem to the daemon's host and restart it."

function nameFault(known: ConnectionContext): Wording {
  const names = known.server ? listNames(known.server) : ''
  if (names === '') {
    return {
      code: 'ERR_SERVER_NAME_MISSING',
      got: `the server's certificate has no subject alternative name (its common name${known.server?.commonName ? ` ${known.server.commonName}` : ''} doesn't count, RFC 9110 section 4.3.4)`,
      todo: sentence`Reissue it with its names on the machine with the CA:  ${reissue(known)}`,
    }
  }
  return {
    code: 'ERR_SERVER_NAME_MISMATCH',
    got: `the server's certificate is for ${names}`,
    todo: sentence`Connect to one of those names, or reissue the certificate on the machine with the CA:  ${reissue(known)}`,
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
      : `the server's certificate expired${ended ? ` on ${day(ended.validTo)}` : ''}`,
    todo: fromCa
      ? sentence`Create a new CA on the machine that keeps it:  ${ours('cert', 'ca', '--replace-ca')}`
      : sentence`Renew it on the machine with the CA:  ${ours('cert', 'renew', '--server')}  ${THEN_COPY}`,
  }
}

function untrustedFault(known: ConnectionContext): Wording {
  const { server, authorities = [] } = known
  if (server && authorities.some((ca) => ca.subject === server.issuer)) {
    return {
      code: 'ERR_SERVER_CA_KEY_DIFFERS',
      got: "the CA that signed the server's certificate has the same name as the CA in ca.pem, but another key",
      todo: "Copy ca.pem again from the machine with the CA. If nobody replaced the CA, don't connect: this may be an attack.",
    }
  }
  return {
    code: 'ERR_SERVER_CERT_UNTRUSTED',
    got: `the server's certificate was not signed by a CA in ca.pem${server ? ` (its issuer is "${server.issuer}")` : ''}`,
    todo: "Copy ca.pem again from the machine with the CA. If it is up to date, don't connect: this may be an attack.",
  }
}

function weakFault(): Wording {
  return {
    code: 'ERR_SERVER_CERT_WEAK',
    got: "the server's certificate has a key or a signature that is too weak",
    todo: sentence`Reissue it with the default key type, P-256:  ${ours('cert', 'server', 'NAME', '--force')}`,
  }
}

const FAULTS: Record<string, (known: ConnectionContext) => Wording> = {
  ERR_TLS_CERT_ALTNAME_INVALID: nameFault,
  CERT_HAS_EXPIRED: expiredFault,
  CERT_NOT_YET_VALID: (known) => ({
    code: 'ERR_SERVER_CERT_NOT_YET_VALID',
    got: `the server's certificate is not valid before ${known.server?.validFrom.toISOString() ?? 'a later time'}`,
    todo: sentence`Compare the clocks of both machines:  ${command('date', '-u')}`,
  }),
  INVALID_PURPOSE: () => ({
    code: 'ERR_SERVER_CERT_PURPOSE',
    got: "the server presents a certificate that isn't meant for servers",
    todo: sentence`Configure the daemon with server-cert.pem and server-key.pem, not with client files:  ${ours('cert', 'server', 'NAME')}`,
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
    got: `the server's certificate failed verification (${reason})`,
    todo: sentence`Reissue it, with names that its CA may sign:  ${ours('cert', 'server', 'NAME', '--force')}`,
  }
}

/** The fault behind a failed verification of a server's certificate: X509_V_ERR_... of OpenSSL, or our name check. */
export function serverCertificateFault(code: string, known: ConnectionContext, reason = ''): Wording | undefined {
  return code === 'UNSPECIFIED' ? unspecifiedFault(reason) : FAULTS[code]?.(known)
}
