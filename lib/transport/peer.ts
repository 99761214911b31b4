import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { coversName, readCertificate, type CertificateFacts } from '../identity/certificate.ts'

/** Who answered, for the connection that was made last. */
export interface Peer {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly tlsVersion: string
  /** The cipher suite, by OpenSSL's name. */
  readonly cipher: string
  /** A session was resumed: no whole handshake took place. */
  readonly resumed: boolean
  /** The server's IP address. */
  readonly remoteAddress: string | undefined
  /** The server's certificate. */
  readonly certificate: CertificateFacts
  /** The client certificate that the daemon accepted. */
  readonly client: CertificateFacts
}

function fault(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/**
 * Names and dates of the server's certificate, for whole handshakes and resumed ones alike: Node checks neither on
 * a resumed session (on Node 20 not even the name), and takes a bare common name for a host.
 */
export function certificateFault(certificate: X509Certificate | undefined, host: string): Error | undefined {
  if (!certificate) return fault('ERR_TLS_CERT_ALTNAME_INVALID', 'the server showed no certificate')
  if (!coversName(certificate, host)) {
    return fault('ERR_TLS_CERT_ALTNAME_INVALID', `the certificate is not for ${host}`)
  }
  if (Date.parse(certificate.validTo) < Date.now()) return fault('CERT_HAS_EXPIRED', 'the certificate has expired')
  return undefined
}

/** How util.inspect asks an object for its own words (Node, util.inspect.custom). */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/** Describes the peer of a socket whose handshake is over. */
export function describePeer(socket: TLSSocket, certificate: X509Certificate, client: CertificateFacts): Peer {
  let facts: CertificateFacts | undefined
  const peer: Peer = {
    tlsVersion: socket.getProtocol() ?? '',
    cipher: socket.getCipher().standardName,
    resumed: socket.isSessionReused(),
    remoteAddress: socket.remoteAddress,
    // Read only when asked for: most connections are made without anyone looking.
    get certificate() {
      return (facts ??= readCertificate(certificate))
    },
    client,
  }
  // util.inspect would write [Getter] in the place of the certificate. Hidden, so that a copy is plain data.
  return Object.defineProperty(peer, INSPECT, { value: () => ({ ...peer }) })
}
