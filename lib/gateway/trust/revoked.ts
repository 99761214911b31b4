import { X509Certificate } from 'node:crypto'
import { ArgumentError } from '../../base/errors.ts'
import type { Origin } from '../../identity/origin.ts'
import { readSerial, serialOf, serialOfCertificate } from '../../identity/serial.ts'
import type { Peer } from './peer.ts'
import { refusal, type Refusal } from '../refusal.ts'

/** SHA-256 in hexadecimal. A serial number has at most 40 digits (RFC 5280 section 4.1.2.2). */
const FINGERPRINT_DIGITS = 64
const SERIAL_DIGITS = 40

/** What {@link Gateway.revoke} has revoked. */
export class Revoked {
  readonly #serials = new Set<string>()
  readonly #fingerprints = new Set<string>()

  /** @param renewedFrom - finds the first of the line of a renewed certificate, which is revoked as well: others may descend from it */
  add(
    certificate: X509Certificate | string,
    renewedFrom: (certificate: X509Certificate) => Origin | undefined = () => undefined,
  ): void {
    if (certificate instanceof X509Certificate) {
      this.#fingerprints.add(digitsOf(certificate.fingerprint256))
      this.#addLine(renewedFrom(certificate))
    } else if (typeof certificate === 'string') this.#addText(certificate)
    else throw notOne()
  }

  #addLine(origin: Origin | undefined): void {
    if (origin) this.#fingerprints.add(digitsOf(origin.fingerprint256))
  }

  /**
   * A renewed certificate is revoked with the first of its line, and with its issuer. If it was named by its number or fingerprint, its
   * line is revoked from now on.
   *
   * @param issuer - the certificate of the issuer that has renewed it; undefined for any other one
   */
  check(peer: Peer, issuer: X509Certificate | undefined): Refusal | undefined {
    // The usual case, without computing a fingerprint.
    if (this.#serials.size === 0 && this.#fingerprints.size === 0) return undefined
    const { serial, fingerprint, origin } = peer
    const isNamed = this.#has(serial, fingerprint)
    if (isNamed && issuer) this.#addLine(origin)
    const isRevoked =
      isNamed || (origin && this.#has(origin.serial, origin.fingerprint256)) || (issuer && this.has(issuer))
    if (!isRevoked) return undefined
    return refusal(403, 'CERTIFICATE_REVOKED', 'your certificate has been revoked')
  }

  /** Is this certificate revoked itself? */
  has(certificate: X509Certificate): boolean {
    return this.#has(serialOfCertificate(certificate), certificate.fingerprint256)
  }

  #has(serial: string, fingerprint: string): boolean {
    return this.#serials.has(serial) || this.#fingerprints.has(digitsOf(fingerprint))
  }

  #addText(text: string): void {
    const [, minus = '', digits = ''] = /^(-?)([0-9a-f]+)$/.exec(digitsOf(text)) ?? []
    if (minus === '' && digits.length === FINGERPRINT_DIGITS) this.#fingerprints.add(digits)
    else if (digits !== '' && digits.length <= SERIAL_DIGITS) this.#addSerial(minus, digits)
    else throw notOne()
  }

  /** Some programs show the bytes of a serial number: those of a negative one look like a positive one. */
  #addSerial(minus: string, digits: string): void {
    this.#serials.add(serialOf(minus + digits))
    if (minus === '' && digits.length % 2 === 0) this.#serials.add(readSerial(Buffer.from(digits, 'hex')))
  }
}

function digitsOf(hexadecimal: string): string {
  return hexadecimal.toLowerCase().replaceAll(':', '')
}

function notOne(): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'revoking a certificate at a gateway',
    got: 'it is neither a certificate, nor a serial number, nor a SHA-256 fingerprint',
    todo: 'Pass an X509Certificate, or the serialNumber or fingerprint256 of readCertificate().',
  })
}
