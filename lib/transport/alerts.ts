import type { Wording } from './connection-context.ts'

const NEW_CERTIFICATE = 'docker-mtls cert client NAME'

const REFUSED = (alert: string): Wording => ({
  code: 'ERR_CLIENT_CERT_REFUSED',
  got: `the daemon refused our certificate (alert "${alert}")`,
  todo: `The reason is in the daemon's log (journalctl -u docker). A new certificate:  ${NEW_CERTIFICATE}`,
})

/**
 * The alerts of a daemon (RFC 8446, section 6) by OpenSSL's names. OpenSSL 3.0 (Node 20) calls the older ones
 * `SSLV3_ALERT_...`, later versions `SSL/TLS_ALERT_...`: only what follows `ALERT_` is compared.
 */
export const ALERTS: Readonly<Record<string, Wording>> = {
  CERTIFICATE_REQUIRED: {
    code: 'ERR_CLIENT_CERT_REQUIRED',
    got: 'the daemon saw no client certificate that it takes (alert "certificate required")',
    todo: `Use one of the CA in the daemon's --tlscacert, with a key of a type that dockerd verifies:  ${NEW_CERTIFICATE}`,
  },
  BAD_CERTIFICATE: {
    code: 'ERR_CLIENT_CERT_REFUSED',
    got: 'the daemon refused our certificate (alert "bad certificate"): it is not meant for clients',
    todo: `Use a client's certificate, not the server's own:  ${NEW_CERTIFICATE}`,
  },
  UNSUPPORTED_CERTIFICATE: {
    code: 'ERR_CLIENT_CERT_REFUSED',
    got: 'the daemon does not support our certificate (alert "unsupported certificate")',
    todo: `Use one with a P-256, P-384, Ed25519 or RSA key:  ${NEW_CERTIFICATE}`,
  },
  CERTIFICATE_EXPIRED: {
    code: 'ERR_CLIENT_CERT_EXPIRED',
    got: 'the daemon says that our certificate has expired or is not valid yet (alert "certificate expired")',
    todo: `Compare the clocks of both machines (date -u); if they agree, have it renewed:  docker-mtls cert renew NAME`,
  },
  // Go answers a signature that it doesn't verify, such as one with SHA-1, by this alert as well.
  UNKNOWN_CA: {
    code: 'ERR_CLIENT_CERT_UNTRUSTED',
    got: 'the daemon does not know the CA that issued our certificate, or takes no signature of its kind (alert "unknown CA")',
    todo: "Use a certificate of the CA in the daemon's --tlscacert, or add ours to that file and restart the daemon.",
  },
  CERTIFICATE_REVOKED: REFUSED('certificate revoked'),
  CERTIFICATE_UNKNOWN: REFUSED('certificate unknown'),
  ACCESS_DENIED: REFUSED('access denied'),
  DECRYPT_ERROR: REFUSED('decrypt error'),
  DECODE_ERROR: REFUSED('decode error'),
  ILLEGAL_PARAMETER: REFUSED('illegal parameter'),
  NO_APPLICATION_PROTOCOL: {
    code: 'ERR_SERVER_NOT_DOCKER',
    got: 'the server speaks no HTTP/1.1 (alert "no application protocol")',
    todo: 'Correct the port, or let the proxy in between speak HTTP/1.1: attach and exec need it.',
  },
  PROTOCOL_VERSION: {
    code: 'ERR_SERVER_TLS_TOO_OLD',
    got: 'the server speaks neither TLS 1.2 nor 1.3',
    todo: 'Update the server, or the proxy before it: nothing older is safe, and every supported dockerd does better.',
  },
  HANDSHAKE_FAILURE: {
    code: 'ERR_SERVER_NO_COMMON_CIPHER',
    got: 'the server shares no cipher suite or key type with us (alert "handshake failure")',
    todo: 'Give it an ECDHE suite with AES-GCM or ChaCha20-Poly1305, and a P-256, P-384, Ed25519 or RSA certificate.',
  },
}
