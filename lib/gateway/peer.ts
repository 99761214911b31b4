import type { X509Certificate } from 'node:crypto'
import { serialOf } from '../identity/crl.ts'
import { readDate } from '../identity/dates.ts'
import { extendedKeyUsage } from '../identity/structure.ts'

/** clientAuth and anyExtendedKeyUsage (RFC 5280 section 4.2.1.12). */
const CLIENT_PURPOSES: ReadonlySet<string> = new Set(['1.3.6.1.5.5.7.3.2', '2.5.29.37.0'])

/** The certificate of a client, as far as each of its requests needs it. */
export class Peer {
  readonly certificate: X509Certificate
  readonly serial: string
  readonly from: number
  readonly to: number
  readonly isClient: boolean
  /** Whose limits count: a renewed certificate has the same subject. */
  readonly key: string
  /** For events. */
  readonly subject: string
  #fingerprint: string | undefined

  /** Throws a RangeError if the certificate isn't DER. */
  constructor(certificate: X509Certificate) {
    this.certificate = certificate
    this.serial = serialOf(certificate.serialNumber)
    this.from = readDate(certificate.validFrom).getTime()
    this.to = readDate(certificate.validTo).getTime()
    const purposes = extendedKeyUsage(certificate.raw)
    this.isClient = purposes === undefined || purposes.some((purpose) => CLIENT_PURPOSES.has(purpose))
    this.subject = (certificate.subject ?? '').replaceAll('\n', ', ')
    this.key = `${certificate.issuer}\n\n${certificate.subject}`
  }

  /** SHA-256, in upper case with colons. Computed when it is needed, and once. */
  get fingerprint(): string {
    return (this.#fingerprint ??= this.certificate.fingerprint256)
  }
}
