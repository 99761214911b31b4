import { verify, type X509Certificate } from 'node:crypto'
import { readElement, readElements, readOid, readWhole, TAG, type DerElement } from './der.ts'
import { publicKeyOf } from './certificate.ts'
import { readPem } from './pem.ts'
import { readSerial } from './serial.ts'
import { signatureAlgorithm, subjectBytes } from './structure.ts'

/** A certificate revocation list (RFC 5280 section 5). */
export interface RevocationList {
  /** The name of the CA that signed it: the bytes in its SEQUENCE. */
  readonly issuer: Uint8Array
  readonly thisUpdate: Date
  /** Undefined: the list doesn't say when the next one comes. */
  readonly nextUpdate: Date | undefined
  /** Its number, in hexadecimal. */
  readonly number: string | undefined
  /** Serial numbers of revoked certificates, as {@link readSerial} writes them. */
  readonly serials: ReadonlySet<string>
  /** Is its signature made with the key of this CA certificate, and does it have its name? */
  isOf(ca: X509Certificate): boolean
}

/** How large the lists of a gateway may be together, in bytes of PEM: about 80,000 revoked certificates. Nobody is served while they are read. */
export const MOST_LIST_BYTES = 4 * 1024 * 1024

const CRL_NUMBER = '2.5.29.20'
const CERTIFICATE_ISSUER = '2.5.29.29'
/** Of a delta, and of the list of a distribution point (RFC 5280 sections 5.2.4 and 5.2.5). */
const PARTIAL: ReadonlySet<string> = new Set(['2.5.29.27', '2.5.29.28'])

/** The hash of each algorithm that our CAs sign with, and that Go accepts. */
const HASHES: ReadonlyMap<string, string | null> = new Map([
  ['sha256WithRSAEncryption', 'sha256'],
  ['sha384WithRSAEncryption', 'sha384'],
  ['sha512WithRSAEncryption', 'sha512'],
  ['ecdsa-with-SHA256', 'sha256'],
  ['ecdsa-with-SHA384', 'sha384'],
  ['ecdsa-with-SHA512', 'sha512'],
  ['Ed25519', null],
])

/** The number of a list: each list of a CA has a greater one than those before it. 0: it has none. */
export function numberOf({ number }: RevocationList): bigint {
  return number === undefined || number === '' ? 0n : BigInt(`0x${number}`)
}

/** The newest list of a CA. */
export function newestList(lists: readonly RevocationList[], ca: X509Certificate): RevocationList | undefined {
  // Verifying the signatures of thousands of lists would take seconds.
  const newest = (some: readonly RevocationList[]): RevocationList[] =>
    [some.toSorted((one, other) => byAge(other, one)).find((list) => list.isOf(ca))].filter((one) => one !== undefined)
  // Three lists, one of them without a number, could each be older than the next.
  const [numbered, others] = [true, false].map((has) => lists.filter(({ number }) => (number !== undefined) === has))
  return newest([...newest(numbered ?? []), ...newest(others ?? [])])[0]
}

/** Is a list valid now? One without a date for the next one isn't. */
export function isCurrent({ thisUpdate, nextUpdate }: RevocationList, now: number): boolean {
  return thisUpdate.getTime() <= now && nextUpdate !== undefined && now <= nextUpdate.getTime()
}

/** Is a list not valid yet? The clock of its CA is ahead, or ours is behind. */
export function isFuture({ thisUpdate }: RevocationList, now: number): boolean {
  return thisUpdate.getTime() > now
}

/**
 * May a list lack what another one of the same CA revokes, because it comes before that one, or has the same number and date? After one of
 * the future, a CA that was restored from a backup can't number its lists higher: such a list counts if it has all of its revocations.
 */
export function mayLack(list: RevocationList, last: RevocationList, now: number): boolean {
  const age = byAge(list, last)
  if (age > 0) return false
  return (age < 0 && !isFuture(last, now)) || [...last.serials].some((serial) => !list.serials.has(serial))
}

/**
 * The older one first. The numbers of a CA always rise (RFC 5280 section 5.2.3), while its clock may be set back, so that a date counts
 * only without them.
 */
function byAge(one: RevocationList, other: RevocationList): number {
  const areNumbered = one.number !== undefined && other.number !== undefined
  const [own, others] = [numberOf(one), numberOf(other)]
  if (areNumbered && own !== others) return own < others ? -1 : 1
  return one.thisUpdate.getTime() - other.thisUpdate.getTime()
}

/**
 * Reads the revocation lists of a PEM text, of which each CA has one.
 *
 * @throws an Error if one of them can't be used: it isn't DER, is only a part of a list, or isn't a list at all
 */
export function readRevocationLists(pem: string): RevocationList[] {
  const blocks = readPem(pem, 'the revocation list').filter(({ label }) => label === 'X509 CRL')
  if (blocks.length === 0) throw new RangeError('there is no revocation list in it')
  return blocks.map(({ der }) => readRevocationList(der))
}

/** Reads DER. `CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue }` (RFC 5280 section 5.1). */
export function readRevocationList(der: Uint8Array): RevocationList {
  const [signed, algorithm, signature] = readElements(expect(readWhole(der), TAG.sequence).contents)
  if (signed === undefined || algorithm === undefined || signature?.tag !== TAG.bitString)
    throw new RangeError('not DER: fields are missing')
  const fields = readFields(signed)
  const outer = readElement(der).contents
  const signedBytes = outer.subarray(0, outer.length - signed.rest.length)
  return {
    ...fields,
    isOf: (ca) =>
      Buffer.compare(subjectBytes(ca.raw), fields.issuer) === 0 &&
      verifies({ signedBytes, signature: signature.contents.subarray(1), algorithm: signatureAlgorithm(der) }, ca),
  }
}

/** Verifies a list as dockerd would a certificate: with an algorithm that Go accepts. */
function verifies(
  list: { signedBytes: Uint8Array; signature: Uint8Array; algorithm: string },
  ca: X509Certificate,
): boolean {
  const hash = HASHES.get(list.algorithm)
  if (hash === undefined) return false
  try {
    return verify(hash, list.signedBytes, publicKeyOf(ca), list.signature)
  } catch {
    return false
  }
}

/** `version, signature, issuer, thisUpdate, nextUpdate?, revokedCertificates?, [0] extensions?`. */
function readFields(signed: DerElement): Omit<RevocationList, 'isOf'> {
  const fields = readElements(expect(signed, TAG.sequence).contents)
  // Without a version it is v1, which has no extensions.
  if (fields[0]?.tag === TAG.integer) fields.shift()
  const [, issuer, thisUpdate, ...rest] = fields
  const nextUpdate = isTime(rest[0]) ? rest.shift() : undefined
  const revoked = rest[0]?.tag === TAG.sequence ? rest.shift() : undefined
  const [last, ...more] = rest
  if (more.length > 0) throw new RangeError('not DER: there are fields after its extensions')
  const extensions = last === undefined ? [] : readElements(readWhole(expect(last, TAG.context0).contents).contents)
  return {
    issuer: expect(issuer, TAG.sequence).contents,
    thisUpdate: readTime(thisUpdate),
    nextUpdate: nextUpdate && readTime(nextUpdate),
    number: readNumber(extensions),
    serials: new Set(revoked === undefined ? [] : readElements(revoked.contents).map(readEntry)),
  }
}

/** `SEQUENCE { userCertificate, revocationDate, crlEntryExtensions? }`. */
function readEntry(entry: DerElement): string {
  const [serial, , extensions] = readElements(expect(entry, TAG.sequence).contents)
  for (const { contents } of extensions === undefined ? [] : readElements(extensions.contents)) {
    const [id] = readElements(contents)
    if (readOid(expect(id, TAG.oid).contents) === CERTIFICATE_ISSUER)
      throw new RangeError('it revokes certificates of another CA')
  }
  return readSerial(expect(serial, TAG.integer).contents)
}

/** A critical extension may say that the list isn't the whole one (section 5.2). So do two others that some CAs don't mark. */
function readNumber(extensions: readonly DerElement[]): string | undefined {
  let number: string | undefined
  for (const { contents } of extensions) {
    const [id, ...rest] = readElements(contents)
    const oid = readOid(expect(id, TAG.oid).contents)
    const isCritical = rest[0]?.tag === TAG.boolean && rest[0].contents[0] !== 0
    if (isCritical || PARTIAL.has(oid))
      throw new RangeError(
        `it has the ${isCritical ? 'critical ' : ''}extension ${oid}, so it may be only a part of a list`,
      )
    if (oid !== CRL_NUMBER) continue
    number = Buffer.from(readWhole(expect(rest.at(-1), TAG.octetString).contents).contents).toString('hex')
  }
  return number
}

function isTime(element: DerElement | undefined): boolean {
  return element?.tag === TAG.utcTime || element?.tag === TAG.generalizedTime
}

/** RFC 5280 sections 5.1.2.4 to 5.1.2.6: with seconds, in UTC; two digits of a year up to 49 are in this century. */
function readTime(element: DerElement | undefined): Date {
  const text = new TextDecoder().decode(element?.contents)
  const century = Number(text.slice(0, 2)) < 50 ? '20' : '19'
  const digits = element?.tag === TAG.utcTime ? `${century}${text}` : text
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(digits)
  if (!isTime(element) || match === null) throw new RangeError('not DER: it has no date where one must be')
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second))
}

function expect(element: DerElement | undefined, tag: number): DerElement {
  if (element?.tag === tag) return element
  throw new RangeError('not DER: fields are missing')
}
