import { command, ours, sentence, type Sentence } from '../base/sentence.ts'
import { FOREIGN_RUNTIME } from '../base/runtime.ts'
import { formatDay } from '../base/text.ts'
import type { ConnectionContext, Fault } from './connection-context.ts'

/** The names in the server's certificate. */
function namesIn({ server }: ConnectionContext): string[] {
  return server === undefined ? [] : [...server.names.dns, ...server.names.ip]
}

/**
 * The command for the machine with the CA. It contains all names of the certificate, which would lose omitted ones, and
 * the host's name. The names come from the peer, so those that would be parsed as options are removed.
 */
function reissue(context: ConnectionContext): Sentence {
  const { host = 'NAME' } = context
  const names = namesIn(context).filter((name) => !name.startsWith('-'))
  const all = names.includes(host) ? names : [...names, host]
  return sentence`${ours('cert', 'server', ...all, '--force')}  ${THEN_COPY}`
}

const THEN_COPY = "Then copy server-cert.pem and server-key.pem to the daemon's host and restart it."

/** setup issues the certificate in `hosts/HOST`, and installs it. Only the machine with the CA knows whether it did. */
function addName(context: ConnectionContext): Sentence {
  const { host = 'NAME' } = context
  return sentence`If setup secured the host:  ${ours('setup', 'ssh://USER@HOST', '--name', host)}  If not:  ${reissue(context)}`
}

function nameFault(context: ConnectionContext): Fault {
  const names = namesIn(context)
  if (names.length === 0) {
    return {
      code: 'ERR_SERVER_NAME_MISSING',
      got: `the server's certificate has no subject alternative name (its common name${context.server?.commonName ? ` ${context.server.commonName}` : ''} doesn't count, RFC 9110 section 4.3.4)`,
      todo: sentence`Reissue it with its names on the machine with the CA:  ${reissue(context)}`,
    }
  }
  return {
    code: 'ERR_SERVER_NAME_MISMATCH',
    got: `the server's certificate is for ${names.join(', ')}`,
    todo: sentence`Connect to one of those names, or add this one on the machine with the CA. ${addName(context)}`,
  }
}

/** OpenSSL reports "expired" for any certificate in the chain, also for the CA in ca.pem. */
function expiredFault(context: ConnectionContext): Fault {
  const { server } = context
  const isCaExpired = server !== undefined && server.validTo.getTime() > Date.now()
  return {
    code: 'ERR_SERVER_CERT_EXPIRED',
    got: isCaExpired
      ? "the CA that signed the server's certificate has expired"
      : `the server's certificate expired${server ? ` on ${formatDay(server.validTo)}` : ''}`,
    todo: isCaExpired
      ? sentence`Create a new CA on the machine that keeps it:  ${ours('cert', 'ca', '--replace-ca')}`
      : sentence`Renew it on the machine with the CA:  ${ours('cert', 'renew', '--server')}  It shows how to install the new one.`,
  }
}

/** Deno has one code for all reasons, and doesn't show the certificate. */
function unexplainedFault(): Fault {
  return {
    code: 'ERR_SERVER_CERT_UNTRUSTED',
    got: "Deno refuses the server's certificate, and doesn't say why: another CA, its dates, its purpose or a weak key",
    todo: sentence`Find the reason with Node.js:  ${ours('doctor')}`,
  }
}

function untrustedFault(context: ConnectionContext): Fault {
  const { server, authorities = [] } = context
  if (server === undefined && FOREIGN_RUNTIME?.name === 'Deno') return unexplainedFault()
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

function weakFault(): Fault {
  return {
    code: 'ERR_SERVER_CERT_WEAK',
    got: "the server's certificate has a key or a signature that is too weak",
    todo: sentence`Reissue it with the default key type, P-256:  ${ours('cert', 'server', 'NAME', '--force')}`,
  }
}

const FAULTS: Record<string, (context: ConnectionContext) => Fault> = {
  ERR_TLS_CERT_ALTNAME_INVALID: nameFault,
  CERT_HAS_EXPIRED: expiredFault,
  CERT_NOT_YET_VALID: (context) => ({
    code: 'ERR_SERVER_CERT_NOT_YET_VALID',
    got: `the server's certificate is not valid before ${context.server?.validFrom.toISOString() ?? 'a later time'}`,
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

/** Node reports verification errors without a name as UNSPECIFIED, with OpenSSL's reason as the message. */
function unspecifiedFault(reason: string): Fault {
  if (/too weak|too small/.test(reason)) return weakFault()
  return {
    code: 'ERR_SERVER_CERT_UNTRUSTED',
    got: `the server's certificate failed verification (${reason})`,
    todo: sentence`Reissue it, with names that its CA may sign:  ${ours('cert', 'server', 'NAME', '--force')}`,
  }
}

/** Returns the fault for an error of certificate verification: X509_V_ERR_... of OpenSSL, or our name check. */
export function serverCertificateFault(code: string, context: ConnectionContext, reason = ''): Fault | undefined {
  return code === 'UNSPECIFIED' ? unspecifiedFault(reason) : FAULTS[code]?.(context)
}
