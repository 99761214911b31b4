import type { EphemeralKeyInfo, TLSSocket } from 'node:tls'
import { FOREIGN_RUNTIME } from '../base/runtime.ts'

/** OpenSSL's names of curves that TLS and our certificates call otherwise. */
const CURVES: ReadonlyMap<string, string> = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
])

/**
 * X25519MLKEM768 (IANA, TLS Supported Groups: 0x11ec) as the group of a session that OpenSSL has written (ssl/ssl_asn1.c: SSL_SESSION_ASN1,
 * kex_group).
 */
const HYBRID_GROUP = Buffer.from('b304020211ec', 'hex')

/**
 * The group in which the keys of a connection were exchanged, after its handshake: `X25519MLKEM768`, `X25519`, `P-256`. Undefined if the
 * runtime doesn't tell, and for a resumed session of TLS 1.2.
 */
export function keyExchangeOf(socket: TLSSocket): string | undefined {
  const isResumed12 = socket.getProtocol() === 'TLSv1.2' && socket.isSessionReused()
  if (FOREIGN_RUNTIME || isResumed12) return undefined
  const { type, name, size } = socket.getEphemeralKeyInfo() as Partial<EphemeralKeyInfo>
  if (name !== undefined) return CURVES.get(name) ?? name
  // TLS 1.3 has no other groups of finite fields (RFC 8446 section 4.2.7), and our suites for TLS 1.2 use none.
  if (type === 'DH') return `ffdhe${size}`
  // Node 22 with OpenSSL 3.5 uses this group, but doesn't name it.
  return socket.getSession()?.includes(HYBRID_GROUP) ? 'X25519MLKEM768' : undefined
}
