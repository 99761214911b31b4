import type { X509Certificate } from 'node:crypto'
import { isIssuedBy, publicKeyOf } from '../../identity/certificate.ts'
import { newestList, type RevocationList } from '../../identity/crl.ts'
import { isOver, readDate } from '../../identity/dates.ts'
import { serialOfCertificate } from '../../identity/serial.ts'

/** From one moment to another, in milliseconds. */
interface Period {
  readonly from: number
  readonly to: number
}

/** A CA whose clients may come, by one of its certificates. */
export interface TrustedCa {
  readonly certificate: X509Certificate
  /** The same in all certificates of a CA. */
  readonly nameAndKey: string
  readonly serial: string
  /** Its newest revocation list. */
  readonly list: RevocationList | undefined
  /** The CAs that signed it, where those are others. A root needs none, even if another CA has signed its key, too. */
  readonly above: readonly TrustedCa[]
  /** When it is valid, and with it a CA above, and so on up to a root: OpenSSL wants all of them. */
  readonly periods: readonly Period[]
}

/** A CA alone. */
export function trustedCa(certificate: X509Certificate, lists: readonly RevocationList[]): TrustedCa {
  return {
    certificate,
    nameAndKey: nameAndKeyOf(certificate),
    serial: serialOfCertificate(certificate),
    list: newestList(lists, certificate),
    above: [],
    periods: [periodOf(certificate)],
  }
}

/** The CAs of a gateway, each with those above it, without the issuer of the gateway. */
export function trustedCas(
  certificates: readonly X509Certificate[],
  lists: readonly RevocationList[],
  issuer: TrustedCa | undefined,
): TrustedCa[] {
  const others = certificates.filter((one) => nameAndKeyOf(one) !== issuer?.nameAndKey)
  const cas = others.map((one): Linked => ({ ...trustedCa(one, lists), periods: [] }))
  for (const ca of cas) ca.above = signs(ca, ca) ? [] : cas.filter((one) => signs(one, ca))
  // A chain has each of them once at most, so this many rounds are enough.
  for (const _ of cas) for (const ca of cas) ca.periods = periodsBelow(ca)
  return cas
}

type Linked = { -readonly [Key in keyof TrustedCa]: TrustedCa[Key] }

/** As OpenSSL knows it: by its names, and the identifiers of keys if it has them. It doesn't verify the signature. */
const isRoot = ({ certificate }: TrustedCa): boolean => certificate.checkIssued(certificate)

function periodsBelow(ca: TrustedCa): readonly Period[] {
  const own = periodOf(ca.certificate)
  if (isRoot(ca)) return [own]
  const both = ca.above.flatMap(({ periods }) =>
    periods.map(({ from, to }) => ({ from: Math.max(from, own.from), to: Math.min(to, own.to) })),
  )
  return joined(both.filter(({ from, to }) => from <= to))
}

/** The same moments in as few periods as possible. */
function joined(periods: readonly Period[]): Period[] {
  const result: Period[] = []
  for (const one of periods.toSorted((left, right) => left.from - right.from)) {
    const last = result.at(-1)
    if (last === undefined || last.to < one.from) result.push(one)
    else result.splice(-1, 1, { from: last.from, to: Math.max(last.to, one.to) })
  }
  return result
}

function periodOf({ validFrom, validTo }: X509Certificate): Period {
  return { from: readDate(validFrom).getTime(), to: readDate(validTo).getTime() }
}

/** When a CA ends, or one above it. Undefined: it isn't valid now. */
export function endOf({ periods }: TrustedCa, now: number): number | undefined {
  return periods.find(({ from, to }) => from <= now && !isOver(to, now))?.to
}

export const isInTime = (ca: TrustedCa, now: number): boolean => endOf(ca, now) !== undefined

/** Of certificates for one key of a CA, the one that is valid, and for longest; if none is, the first one. */
export function validOf(cas: readonly TrustedCa[] = [], now: number): TrustedCa | undefined {
  // This is asked several times for each request, and most CAs have one certificate.
  if (cas.length < 2) return cas[0]
  const ends = (ca: TrustedCa): number => endOf(ca, now) ?? -Infinity
  const valid = cas.filter((ca) => isInTime(ca, now))
  return valid.toSorted((one, other) => ends(other) - ends(one))[0] ?? cas[0]
}

/**
 * The certificates in the order for OpenSSL, which takes the first certificate of a CA that is valid, and tries no other one if no chain of valid CAs leads up
 * from it: roots, which need nothing else, and then the one whose chain lasts longest.
 */
export function pemOf(cas: readonly TrustedCa[]): string {
  const rank = (ca: TrustedCa): number => (isRoot(ca) ? Infinity : (ca.periods.at(-1)?.to ?? 0))
  const before = (one: TrustedCa, other: TrustedCa): number =>
    Number(rank(one) < rank(other)) - Number(rank(one) > rank(other))
  const keys = new Set(cas.map(({ nameAndKey }) => nameAndKey))
  const ordered = [...keys].flatMap((key) => cas.filter(({ nameAndKey }) => nameAndKey === key).toSorted(before))
  return ordered.map(({ certificate }) => certificate.toString()).join('')
}

export const signs = (one: TrustedCa, other: TrustedCa): boolean => isIssuedBy(other.certificate, [one.certificate])

/** The same for all certificates of a CA: what one of them has signed, the others have, too. */
export function nameAndKeyOf(certificate: X509Certificate): string {
  try {
    const key = publicKeyOf(certificate).export({ type: 'spki', format: 'der' }).toString('base64')
    return `${certificate.subject}\n${key}`
  } catch {
    // A key that signs nothing here.
    return certificate.fingerprint256
  }
}
