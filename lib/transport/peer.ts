import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { isDockerMtlsError } from '../base/errors.ts'
import { errorWithCode } from '../base/system-error.ts'
import { coversName, readCertificate, type CertificateFacts } from '../identity/certificate.ts'
import { isIp } from '../identity/names.ts'
import { readSigningKey } from '../identity/public-key.ts'
import { alternativeNames, publicKeyInfo } from '../identity/structure.ts'
import { keyExchangeOf } from './key-exchange.ts'

/** The daemon at the other end of a TLS connection. */
export interface Peer {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly tlsVersion: string
  /** The cipher suite, by OpenSSL's name. */
  readonly cipher: string
  /**
   * The group in which the keys were exchanged: `X25519MLKEM768`, which also withstands quantum computers, `X25519`, `P-256` and so on.
   * Undefined in Deno and Bun, which don't tell, and for a resumed session of TLS 1.2, which exchanges no keys.
   */
  readonly keyExchange: string | undefined
  /** Whether a TLS session was resumed instead of a full handshake. */
  readonly resumed: boolean
  /** The server's IP address. */
  readonly remoteAddress: string | undefined
  /** The server's certificate. */
  readonly certificate: CertificateFacts
  /** The client certificate that the daemon accepted. */
  readonly client: CertificateFacts
}

/** The name to ask a server for (SNI): none for an address (RFC 6066, section 3). `host` is as in certificates. */
export function sniOf(host: string): string {
  return isIp(host) ? '' : host
}

/** More certificates than any server presents. */
const LONGEST_CHAIN = 16

/** The certificate and its issuers, as far as the server has presented them. */
export function presentedChain(certificate: X509Certificate): X509Certificate[] {
  const chain: X509Certificate[] = []
  for (let next: X509Certificate | undefined = certificate; next !== undefined; next = next.issuerCertificate) {
    // A root may be its own issuer.
    if (chain.length === LONGEST_CHAIN || (chain.length > 0 && chain.at(-1)?.fingerprint256 === next.fingerprint256))
      break
    chain.push(next)
  }
  return chain
}

/** The facts for errors about a server. One whose certificate can't be read has none: {@link certificateFault} says so. */
export function serverFacts(certificate: X509Certificate | Uint8Array): CertificateFacts | undefined {
  try {
    return readCertificate(certificate)
  } catch {
    return undefined
  }
}

/** The error for a certificate of a server that can't be read, with the code that Node.js has for reasons without a name. */
export function unreadable(cause: unknown): Error {
  return errorWithCode('UNSPECIFIED', isDockerMtlsError(cause) ? cause.got : (cause as Error).message)
}

/** Why a certificate can't be read. With some keys in its chain, which OpenSSL accepts, anybody could sign for the server. */
function unreadableFault(certificate: X509Certificate): Error | undefined {
  try {
    for (const { raw } of presentedChain(certificate)) readSigningKey(publicKeyInfo(raw))
    alternativeNames(certificate.raw)
    return undefined
  } catch (cause) {
    return unreadable(cause)
  }
}

/**
 * Checks keys, name and dates of the server's certificate, for full and resumed handshakes. On a resumed session Node checks
 * none of them (on Node 20 not even the name), and it accepts a bare common name as a host name.
 */
export function certificateFault(certificate: X509Certificate | undefined, host: string): Error | undefined {
  if (!certificate) return errorWithCode('ERR_TLS_CERT_ALTNAME_INVALID', 'the server showed no certificate')
  const fault = unreadableFault(certificate)
  if (fault) return fault
  if (!coversName(certificate, host)) {
    return errorWithCode('ERR_TLS_CERT_ALTNAME_INVALID', `the certificate is not for ${host}`)
  }
  if (Date.parse(certificate.validTo) < Date.now())
    return errorWithCode('CERT_HAS_EXPIRED', 'the certificate has expired')
  return undefined
}

/** The method that util.inspect calls to print an object (Node, util.inspect.custom). */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/** Describes the peer of a socket after its handshake. */
export function describePeer(socket: TLSSocket, certificate: X509Certificate, client: CertificateFacts): Peer {
  let facts: CertificateFacts | undefined
  const peer: Peer = {
    tlsVersion: socket.getProtocol() ?? '',
    cipher: socket.getCipher().standardName,
    keyExchange: keyExchangeOf(socket),
    resumed: socket.isSessionReused(),
    remoteAddress: socket.remoteAddress,
    // Parsed on access, since most callers never read it.
    get certificate() {
      return (facts ??= readCertificate(certificate))
    },
    client,
  }
  // util.inspect would print [Getter] for the certificate. The method isn't enumerable, so a copy of the peer is plain
  // data.
  return Object.defineProperty(peer, INSPECT, { value: () => ({ ...peer }) })
}
