import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { readDate } from '../../identity/dates.ts'
import { originOf, type Origin } from '../../identity/origin.ts'
import { readSigningKey } from '../../identity/public-key.ts'
import { serialOfCertificate } from '../../identity/serial.ts'
import { extendedKeyUsage, publicKeyInfo } from '../../identity/structure.ts'

/** clientAuth and anyExtendedKeyUsage (RFC 5280 section 4.2.1.12). */
const CLIENT_PURPOSES: ReadonlySet<string> = new Set(['1.3.6.1.5.5.7.3.2', '2.5.29.37.0'])

/** Certificates of ours are backdated by this, in milliseconds (pki/lifetime.ts). */
const BACKDATE_MS = 3_600_000
/** How long before the end of a certificate its connections are closed between two requests, in milliseconds. */
const SOON_MS = 60_000
/**
 * How old a connection may become between two requests, in milliseconds. A client that got another certificate, as in a rotation of
 * the CA, shows it by then, and not only after the old CA is dropped.
 */
const KEPT_MS = 60_000

/**
 * The certificate with which the handshake has verified a client.
 *
 * @returns undefined if it has verified none
 * @throws RangeError if it isn't DER, or if anybody could sign for its key
 */
export function peerOf(socket: TLSSocket): Peer | undefined {
  // With NODE_OPTIONS=--tls-keylog, Node listens and appends the secrets of the session to a file.
  socket.removeAllListeners('keylog')
  const certificate = socket.getPeerX509Certificate()
  return socket.authorized && certificate ? new Peer(certificate) : undefined
}

/** The certificate of a client, as far as each of its requests needs it. */
export class Peer {
  readonly certificate: X509Certificate
  readonly serial: string
  readonly from: number
  readonly to: number
  readonly isClient: boolean
  /** What it says of the first certificate of its line. It counts only if the gateway's issuer has signed it. */
  readonly origin: Origin | undefined
  /** For events. */
  readonly subject: string
  readonly #since = performance.now()
  #fingerprint: string | undefined

  /** Throws a RangeError if the certificate isn't DER, or if anybody could sign for its key. */
  constructor(certificate: X509Certificate) {
    readSigningKey(publicKeyInfo(certificate.raw))
    this.certificate = certificate
    this.serial = serialOfCertificate(certificate)
    this.from = readDate(certificate.validFrom).getTime()
    this.to = readDate(certificate.validTo).getTime()
    const purposes = extendedKeyUsage(certificate.raw)
    this.isClient = purposes === undefined || purposes.some((purpose) => CLIENT_PURPOSES.has(purpose))
    this.origin = originOf(certificate)
    this.subject = (certificate.subject ?? '').replaceAll('\n', ', ')
  }

  /** Whether the client should open its next connection, with the certificate that it has by then. */
  endsSoon(now: number): boolean {
    if (performance.now() - this.#since > KEPT_MS) return true
    const life = this.to - this.from - BACKDATE_MS
    return now > this.to - Math.min(Math.max(life / 4, 1_000), SOON_MS)
  }

  /** SHA-256, in upper case with colons. Computed when it is needed, and once. */
  get fingerprint(): string {
    return (this.#fingerprint ??= this.certificate.fingerprint256)
  }
}
