import { PkiError } from '../base/errors.ts'
import { checkOptions, checkText } from '../base/options.ts'
import { formatPem } from '../identity/certificate.ts'
import { encodeSerial, serialOf } from '../identity/serial.ts'
import type { Authority } from './ca.ts'
import {
  encode,
  enumerated,
  explicit,
  implicit,
  integer,
  octetString,
  oid,
  sequence,
  sequenceOf,
  signedInteger,
  time,
  type Asn1,
} from './der.ts'
import { EXTENSION } from './extensions.ts'
import { isReason, REASON_NUMBERS, type RevocationReason } from './revocation-reasons.ts'

/** A certificate that its CA has withdrawn. */
export interface RevokedCertificate {
  /** In hexadecimal, with or without colons, as in `CertificateFacts.serialNumber`. A negative one begins with `-`. */
  readonly serialNumber: string
  /** When it was revoked. */
  readonly at: Date
  /** Why. Left out, the list doesn't say. */
  readonly reason?: RevocationReason | undefined
}

/** Options of {@link createCrl}. */
export interface CrlOptions {
  /** All revoked certificates of the CA that haven't expired. */
  readonly revoked: readonly RevokedCertificate[]
  /**
   * When it is issued.
   *
   * @defaultValue now
   */
  readonly thisUpdate?: Date | undefined
  /** Until when it is valid. A gateway refuses everybody after that, so issue the next one in time. */
  readonly nextUpdate: Date
  /** Greater than that of the list before. At most 20 bytes. */
  readonly number: number | bigint
}

/** A signed certificate revocation list, as PEM and as DER. */
export interface Crl {
  /** For files. */
  readonly pem: string
  /** For servers that publish it. */
  readonly der: Uint8Array
}

const CRL_NUMBER = '2.5.29.20'
const CRL_REASON = '2.5.29.21'
const MAX_NUMBER = 2n ** 159n

/**
 * Creates a certificate revocation list (CRL, RFC 5280 section 5), signed by a CA.
 *
 * @param authority - from `createAuthority()` or `loadAuthority()`
 * @returns the list, which OpenSSL, Go and the gateway of docker-mtls read
 * @throws {@link PkiError} ERR_CRL_INVALID for a serial number, a date or a number that a list can't have
 * @example
 * ```ts
 * const nextUpdate = new Date(Date.now() + 7 * 86_400_000)
 * const { pem } = createCrl(authority, { revoked: [{ serialNumber: '4A7B01', at: new Date() }], nextUpdate, number: 1 })
 * ```
 */
export function createCrl(authority: Authority, options: CrlOptions): Crl {
  checkOptions(options, ['revoked', 'thisUpdate', 'nextUpdate', 'number'], 'createCrl')
  const { revoked, thisUpdate = new Date(), nextUpdate, number } = options
  checkDates(thisUpdate, nextUpdate)
  const der = authority.signList(({ name, algorithm }) =>
    sequence(
      integer(1), // v2
      algorithm,
      name,
      time(thisUpdate),
      time(nextUpdate),
      // Absent if nothing is revoked (section 5.1.2.6).
      ...(revoked.length === 0 ? [] : [sequenceOf(revoked.map(entry))]),
      explicit(
        0,
        sequence(
          extension(EXTENSION.authorityKeyIdentifier, sequence(implicit(0, authority.keyId))),
          extension(CRL_NUMBER, numberInteger(number)),
        ),
      ),
    ),
  )
  return { der, pem: formatPem('X509 CRL', der) }
}

function entry({ serialNumber, at, reason }: RevokedCertificate): Asn1 {
  if (!isDate(at)) throw invalid(`the certificate ${serialNumber} has no date of its revocation`)
  const extensions = reason === undefined ? [] : [sequence(extension(CRL_REASON, enumerated(reasonNumber(reason))))]
  return sequence(serialInteger(serialNumber), time(at), ...extensions)
}

function reasonNumber(reason: RevocationReason): number {
  if (isReason(reason)) return REASON_NUMBERS[reason]
  throw invalid(`the reason ${JSON.stringify(reason)} is not one of ${Object.keys(REASON_NUMBERS).join(', ')}`)
}

function serialInteger(serialNumber: string): Asn1 {
  checkText(serialNumber, 'a serial number')
  const serial = serialOf(serialNumber)
  if (!/^-?[0-9a-f]{1,40}$/.test(serial)) throw invalid('a serial number is not hexadecimal of at most 20 bytes')
  return signedInteger(encodeSerial(serial))
}

function numberInteger(number: number | bigint): Asn1 {
  const isWhole = typeof number === 'bigint' || Number.isSafeInteger(number)
  if (!isWhole || number < 0 || BigInt(number) >= MAX_NUMBER)
    throw invalid('its number is not a whole one of at most 20 bytes')
  return signedInteger(encodeSerial(number.toString(16)))
}

function checkDates(thisUpdate: Date, nextUpdate: Date): void {
  if (!isDate(thisUpdate) || !isDate(nextUpdate)) throw invalid('thisUpdate or nextUpdate is not a date')
  if (nextUpdate <= thisUpdate) throw invalid('nextUpdate is not after thisUpdate')
}

function isDate(value: unknown): value is Date {
  return value instanceof Date && !Number.isNaN(value.getTime())
}

function extension(id: string, value: Asn1): Asn1 {
  return sequence(oid(id), octetString(encode(value)))
}

function invalid(got: string): PkiError {
  return new PkiError('ERR_CRL_INVALID', {
    tried: 'creating a certificate revocation list',
    got,
    todo: 'Correct the options of createCrl(). Nothing was signed.',
  })
}
