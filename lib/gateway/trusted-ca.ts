import type { X509Certificate } from 'node:crypto'
import { isIssuedBy } from '../identity/certificate.ts'
import { newestList, type RevocationList } from '../identity/crl.ts'
import { readDate } from '../identity/dates.ts'
import { serialOfCertificate } from '../identity/serial.ts'

/** A CA whose clients may come, by one of its certificates. */
export interface TrustedCa {
  readonly certificate: X509Certificate
  /** The same in all certificates of a CA. */
  readonly nameAndKey: string
  readonly serial: string
  readonly from: number
  readonly to: number
  /** Its newest revocation list. */
  readonly list: RevocationList | undefined
}

export function trustedCa(certificate: X509Certificate, lists: readonly RevocationList[]): TrustedCa {
  return {
    certificate,
    nameAndKey: nameAndKeyOf(certificate),
    serial: serialOfCertificate(certificate),
    from: readDate(certificate.validFrom).getTime(),
    to: readDate(certificate.validTo).getTime(),
    list: newestList(lists, certificate),
  }
}

export const isInTime = ({ from, to }: TrustedCa, now: number): boolean => from <= now && now <= to

/** Of certificates for one key of a CA, the one that is valid, and for longest; if none is, the first one. */
export function validOf(cas: readonly TrustedCa[] = [], now: number): TrustedCa | undefined {
  const valid = cas.filter((ca) => isInTime(ca, now)).toSorted((one, other) => other.to - one.to)
  return valid[0] ?? cas[0]
}

export const signs = (one: TrustedCa, other: TrustedCa): boolean => isIssuedBy(other.certificate, [one.certificate])

/** The same for all certificates of a CA: what one of them has signed, the others have, too. */
export function nameAndKeyOf(certificate: X509Certificate): string {
  try {
    const key = certificate.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
    return `${certificate.subject}\n${key}`
  } catch {
    // A kind of key that Node.js doesn't know.
    return certificate.fingerprint256
  }
}
