import { command, option, ours, sentence } from '../base/sentence.ts'
import type { Fault } from './connection-context.ts'

const NEW_CERTIFICATE = ours('cert', 'client', 'NAME')

const rejected = (alert: string): Fault => ({
  code: 'ERR_CLIENT_CERT_REFUSED',
  got: `the daemon rejected the client certificate (alert "${alert}")`,
  todo: sentence`Read the reason in the daemon's log:  ${command('journalctl', '-u', 'docker')}`,
})

/** The alert that an error of OpenSSL reports, by the part of its code after `ALERT_`: `CERTIFICATE_REQUIRED`. */
export function alertIn(code: string): string | undefined {
  return /^ERR_SSL_.*ALERT_(\w+)$/.exec(code)?.[1]
}

/**
 * The TLS alerts a daemon sends (RFC 8446, section 6), keyed by the part of OpenSSL's name after `ALERT_`. OpenSSL 3.0
 * (Node 20) calls the older alerts `SSLV3_ALERT_...`, later versions `SSL/TLS_ALERT_...`.
 */
export const ALERTS: Readonly<Record<string, Fault>> = {
  CERTIFICATE_REQUIRED: {
    code: 'ERR_CLIENT_CERT_REQUIRED',
    got: 'the daemon received no client certificate that it accepts (alert "certificate required")',
    todo: sentence`Issue a client certificate with the CA in the daemon's --tlscacert:  ${NEW_CERTIFICATE}`,
  },
  BAD_CERTIFICATE: {
    code: 'ERR_CLIENT_CERT_REFUSED',
    got: 'the daemon rejected the certificate because it isn\'t for clients (alert "bad certificate")',
    todo: sentence`Use a client certificate, not the server's:  ${NEW_CERTIFICATE}`,
  },
  UNSUPPORTED_CERTIFICATE: {
    code: 'ERR_CLIENT_CERT_REFUSED',
    got: 'the daemon doesn\'t support this type of client certificate (alert "unsupported certificate")',
    todo: sentence`Issue one with a P-256, P-384, Ed25519 or RSA key:  ${NEW_CERTIFICATE}`,
  },
  CERTIFICATE_EXPIRED: {
    code: 'ERR_CLIENT_CERT_EXPIRED',
    got: 'the daemon considers the client certificate expired or not yet valid (alert "certificate expired")',
    todo: sentence`Compare the clocks of both machines with ${command('date', '-u')}. If they agree, renew the certificate on the machine with the CA:  ${ours('cert', 'renew', 'NAME')}`,
  },
  // Go also sends this alert for signatures that it doesn't verify, such as SHA-1.
  UNKNOWN_CA: {
    code: 'ERR_CLIENT_CERT_UNTRUSTED',
    got: 'the daemon doesn\'t trust the CA that issued the client certificate, or its signature type (alert "unknown CA")',
    todo: "Use a client certificate issued by the CA in the daemon's --tlscacert.",
  },
  CERTIFICATE_REVOKED: rejected('certificate revoked'),
  CERTIFICATE_UNKNOWN: rejected('certificate unknown'),
  ACCESS_DENIED: rejected('access denied'),
  DECRYPT_ERROR: rejected('decrypt error'),
  DECODE_ERROR: rejected('decode error'),
  ILLEGAL_PARAMETER: rejected('illegal parameter'),
  NO_APPLICATION_PROTOCOL: {
    code: 'ERR_SERVER_NOT_DOCKER',
    got: 'the server doesn\'t support HTTP/1.1 (alert "no application protocol")',
    todo: sentence`Correct the port of ${option('host')}, or enable HTTP/1.1 on the proxy in between: attach and exec need it.`,
  },
  PROTOCOL_VERSION: {
    code: 'ERR_SERVER_TLS_TOO_OLD',
    got: 'the server supports neither TLS 1.2 nor TLS 1.3',
    todo: 'Update the server or the proxy in front of it. Every supported dockerd has TLS 1.2 or later.',
  },
  HANDSHAKE_FAILURE: {
    code: 'ERR_SERVER_NO_COMMON_CIPHER',
    got: 'the server supports none of our cipher suites or key types (alert "handshake failure")',
    todo: 'Give it an ECDHE cipher suite with AES-GCM or ChaCha20-Poly1305, and a P-256, P-384, Ed25519 or RSA certificate.',
  },
}
