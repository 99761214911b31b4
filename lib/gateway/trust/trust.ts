import type { X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { IdentityError, PkiError } from '../../base/errors.ts'
import { ours, sentence } from '../../base/sentence.ts'
import { certificatesIn, isIssuedBy } from '../../identity/certificate.ts'
import {
  isCurrent,
  isFuture,
  mayLack,
  MOST_LIST_BYTES,
  readRevocationLists,
  type RevocationList,
} from '../../identity/crl.ts'
import { isOver, readDate } from '../../identity/dates.ts'
import { originOf, type Origin } from '../../identity/origin.ts'
import { TLS_POLICY } from '../../transport/tls-policy.ts'
import type { EndDate } from '../metrics/interface.ts'
import type { Issuer } from '../../pki/issuer.ts'
import type { GatewayTls } from '../options.ts'
import type { Peer } from './peer.ts'
import { refusal, type Refusal } from '../refusal.ts'
import { endOf, isInTime, pemOf, signs, trustedCa, trustedCas, validOf, type TrustedCa } from './trusted-ca.ts'

/**
 * Why an issuer can't renew: no CA has signed it; it, that CA or one above isn't valid now; it, or a CA above it, has been revoked; the revocation
 * list of one of these CAs is missing or not current.
 */
export type IssuerFault = 'unsigned' | 'expired' | 'revoked' | 'ca-revoked' | 'unlisted'

/** Who may come, as of one call of `createGateway()` or `reload()`. */
export class Trust {
  readonly tls: GatewayTls
  /** Undefined: none is configured. Null: it is missing. */
  readonly crl: string | null | undefined
  /** Renews certificates of clients. */
  readonly issuer: Issuer | undefined
  readonly #cas: readonly TrustedCa[]
  /** The issuer, and the CA that signed it, which is to be trusted, too. A CA can have several certificates for one key. */
  readonly #renewing: { readonly issuer: TrustedCa; readonly by: readonly TrustedCa[] } | undefined
  readonly #issuers = new WeakMap<Peer, readonly TrustedCa[]>()
  /** The lists from before that the list of a CA doesn't replace yet, the newest first, by the name and key of the CA. */
  readonly #earlier = new Map<string, readonly RevocationList[]>()

  /**
   * @throws {@link IdentityError} ERR_GATEWAY_TLS_INVALID
   * @throws {@link PkiError} ERR_CRL_INVALID
   */
  constructor(tls: GatewayTls, crl: string | null | undefined, issuer?: Issuer) {
    this.tls = tls
    this.crl = crl
    this.issuer = issuer
    const lists = typeof crl === 'string' ? readLists(crl) : []
    const own = issuer && trustedCa(issuer.certificate, [])
    // Certificates of the issuer may be among them. What it has renewed is trusted only as a renewal.
    this.#cas = trustedCas(readCas(tls.ca), lists, own)
    // Without a CA, Node.js would trust those of the system.
    if (this.#cas.length === 0) throw unusable('tls.ca contains only the issuer')
    const by = own ? this.#cas.filter((ca) => signs(ca, own)) : []
    this.#renewing = own && by.length > 0 ? { issuer: own, by } : undefined
    tryContext(this.secureContext)
  }

  /** Whether each CA that is valid has a list that is current. */
  hasCurrentLists(now: number): boolean {
    const valid = this.#cas.filter((ca) => isInTime(ca, now))
    const needed = valid.length > 0 ? valid : this.#cas
    return (
      typeof this.crl === 'string' && needed.every((ca) => this.#listsOf(ca, now).some((list) => isCurrent(list, now)))
    )
  }

  /** The options of the TLS server. It gets no lists: OpenSSL would refuse without saying whom, and why. */
  get secureContext(): SecureContextOptions {
    const { cert, key } = this.tls
    const ca = pemOf(this.#cas)
    const policy = { ...TLS_POLICY, honorCipherOrder: true, cert, key }
    if (this.issuer === undefined || this.#renewing === undefined) return { ...policy, ca }
    return { ...policy, ca: [ca, this.issuer.anchor.toString()] }
  }

  /** The error for an issuer that none of the CAs has signed: it renews nothing. */
  unsignedIssuer(): PkiError | undefined {
    if (this.issuer === undefined || this.#renewing) return undefined
    return new PkiError('ERR_ISSUER_INVALID', {
      tried: 'loading the issuer of a gateway, which renews no certificates now',
      got: `no CA of the gateway has signed ${this.issuer.facts.subject}`,
      todo: sentence`Create the issuer with the CA of the clients, and copy both of its files:  ${ours('cert', 'issuer')}`,
    })
  }

  /** Why the issuer can't renew certificates now. */
  issuerFault(now: number): IssuerFault | undefined {
    if (this.issuer === undefined) return undefined
    if (this.#renewing === undefined) return 'unsigned'
    const { issuer } = this.#renewing
    const by = validOf(this.#renewing.by, now)
    if (by === undefined || !isInTime(issuer, now) || !isInTime(by, now)) return 'expired'
    if (this.crl === undefined) return undefined
    const own = listFault(ITS_ISSUER, issuer.serial, this.#listsOf(by, now), now)
    const fault = gravest(own, this.#faultAbove(by, now))
    if (fault === undefined) return undefined
    if (!isRevoked(fault)) return 'unlisted'
    return fault === own ? 'revoked' : 'ca-revoked'
  }

  /** What a certificate descends from: itself, unless it is a renewed one. Undefined: it isn't trusted. */
  originOf(peer: Peer): Origin | undefined {
    const issuer = this.#issuerOf(peer)
    if (issuer === undefined || issuer === this.#renewing?.issuer) return issuer && peer.origin
    return {
      serial: peer.serial,
      fingerprint256: peer.fingerprint,
      issuerFingerprint256: issuer.certificate.fingerprint256,
      validTo: new Date(peer.to),
    }
  }

  /**
   * Whose limits count, and whose builds they are: the same for all certificates of a CA with the same names, and for what was renewed
   * from them. Rules also tell clients apart by their alternative names.
   */
  keyOf(peer: Peer): string {
    const { issuer, subject, subjectAltName = '' } = peer.certificate
    const fingerprint = this.originOf(peer)?.issuerFingerprint256
    const ca = fingerprint === undefined ? undefined : this.#caOf(fingerprint, Date.now())
    return [ca?.nameAndKey ?? issuer, subject, subjectAltName].join('\n\n')
  }

  /** The issuer that has renewed a certificate; undefined for any other one. */
  renewedBy(peer: Peer): X509Certificate | undefined {
    return this.#renewing && this.#issuerOf(peer) === this.#renewing.issuer ? this.issuer?.certificate : undefined
  }

  /** The origin of a renewed certificate; undefined for any other one. */
  renewedFrom(certificate: X509Certificate): Origin | undefined {
    // Nobody else's origin is read: it may be anything.
    const isOwn = this.issuer && isIssuedBy(certificate, [this.issuer.certificate])
    return isOwn ? originOf(certificate) : undefined
  }

  /** When a line ends, and the CAs that it depends on, each with those above it. */
  endsOf({ validTo, issuerFingerprint256 }: Origin): Date[] {
    const now = Date.now()
    const cas = [this.#renewing?.issuer, validOf(this.#renewing?.by, now), this.#caOf(issuerFingerprint256, now)]
    return [validTo, ...cas.flatMap((ca) => (ca ? [new Date(endOf(ca, now) ?? now)] : []))]
  }

  /** When the certificate of the gateway, its CAs and their lists end. */
  endDates(): EndDate[] {
    const [own] = certificatesIn(this.tls.cert, 'tls.cert')
    const server = own ? [endDate('server', own, own.validFrom, own.validTo)] : []
    const { issuer } = this
    const all = [...this.#cas.map(({ certificate }) => certificate), ...(issuer ? [issuer.certificate] : [])]
    const cas = all.map((one) =>
      endDate(one === issuer?.certificate ? 'issuer' : 'ca', one, one.validFrom, one.validTo),
    )
    if (this.crl === undefined) return [...server, ...cas]
    const now = Date.now()
    const lists = this.#cas.map((ca) => {
      const list = this.#listsOf(ca, now).find((one) => isCurrent(one, now)) ?? ca.list
      const [from, at] = [list?.thisUpdate.getTime() ?? 0, list?.nextUpdate?.getTime() ?? Number.NaN]
      return { kind: 'crl' as const, name: subjectOf(ca.certificate), from, at }
    })
    return [...server, ...cas, ...lists]
  }

  /**
   * Refuses a list that may lack what one before it revokes. One that isn't valid yet replaces only others that aren't: the list in force
   * stays beside it.
   */
  refuseOlder(before: Trust): void {
    const now = Date.now()
    for (const ca of new Set([...before.#earlier.keys(), ...before.#cas.map(({ nameAndKey }) => nameAndKey)])) {
      const known = before.#known(ca)
      const own = this.#listBy(ca)
      if (own && known.some((last) => mayLack(own, last, now))) throw invalidList(NO_NEWER)
      const inForce = known.filter((last) => !isFuture(last, now)).slice(0, 1)
      this.#earlier.set(ca, own === undefined ? known : isFuture(own, now) ? inForce : [])
    }
  }

  #listBy(ca: string): RevocationList | undefined {
    return this.#cas.find(({ nameAndKey }) => nameAndKey === ca)?.list
  }

  /** All lists of a CA that may say what is revoked. */
  #known(ca: string): readonly RevocationList[] {
    const own = this.#listBy(ca)
    return [...(own ? [own] : []), ...(this.#earlier.get(ca) ?? [])]
  }

  /** The lists of a CA that count now: its own; until that is valid, also the one before. None: it is missing. */
  #listsOf({ list, nameAndKey }: TrustedCa, now: number): readonly RevocationList[] {
    if (list === undefined) return []
    return isFuture(list, now) ? this.#known(nameAndKey) : [list]
  }

  /** Checks a client before each request: a handshake may have been long ago, or have resumed a session. */
  check(peer: Peer, now: number): Refusal | undefined {
    const issuer = this.#issuerOf(peer, now)
    if (this.#renewing && issuer === this.#renewing.issuer) return this.#checkRenewed(peer, issuer, now)
    return certificateFault(peer, issuer, now) ?? (issuer && this.#listedFault(peer.serial, issuer, now))
  }

  /** A renewed certificate counts as the first of its line, and needs the issuer besides. */
  #checkRenewed(peer: Peer, issuer: TrustedCa, now: number): Refusal | undefined {
    const { origin } = peer
    const by = validOf(this.#renewing?.by, now)
    const ca = origin && this.#caOf(origin.issuerFingerprint256, now)
    const fault = [issuer, by, ca].map((one) => certificateFault(peer, one, now)).find(Boolean)
    if (fault || !origin || !ca || !by) return fault ?? certificateFault(peer, undefined, now)
    return gravest(this.#listedFault(origin.serial, ca, now), this.#listedFault(issuer.serial, by, now, ITS_ISSUER))
  }

  /** The CA with this fingerprint. After its end, it can have another certificate for the same key. */
  #caOf(fingerprint: string, now: number): TrustedCa | undefined {
    const ca = this.#cas.find(({ certificate }) => certificate.fingerprint256 === fingerprint)
    return ca && validOf([ca, ...this.#cas.filter(({ nameAndKey }) => nameAndKey === ca.nameAndKey)], now)
  }

  /** What the lists say about a certificate that this CA has signed, and about the CAs above. */
  #listedFault(serial: string, ca: TrustedCa, now: number, what = 'your certificate'): Refusal | undefined {
    if (this.crl === undefined) return undefined
    return gravest(listFault(what, serial, this.#listsOf(ca, now), now), this.#faultAbove(ca, now))
  }

  /** What the lists say about a CA. It can have several certificates for one key: one of them that nobody has revoked is enough. */
  #faultAbove(ca: TrustedCa, now: number, below: readonly TrustedCa[] = []): Refusal | undefined {
    const all = this.#cas.filter(({ nameAndKey }) => nameAndKey === ca.nameAndKey)
    const valid = all.filter((one) => isInTime(one, now))
    const faults = (valid.length > 0 ? valid : all).map((one) => this.#faultOf(one, now, below))
    return faults.includes(undefined) ? undefined : faults[0]
  }

  #faultOf(ca: TrustedCa, now: number, below: readonly TrustedCa[]): Refusal | undefined {
    const above = validOf(ca.above, now)
    // CAs may have signed each other.
    if (above === undefined || below.includes(ca)) return undefined
    const fault = listFault('a CA of your certificate', ca.serial, this.#listsOf(above, now), now)
    return gravest(fault, this.#faultAbove(above, now, [...below, ca]))
  }

  #issuerOf(peer: Peer, now: number = Date.now()): TrustedCa | undefined {
    return validOf(this.#issuersOf(peer), now)
  }

  /** Verifies signatures, so it is done once for each connection. */
  #issuersOf(peer: Peer): readonly TrustedCa[] {
    const known = this.#issuers.get(peer)
    if (known) return known
    const cas = this.#renewing ? [...this.#cas, this.#renewing.issuer] : this.#cas
    const issuers = cas.filter((ca) => isIssuedBy(peer.certificate, [ca.certificate]))
    this.#issuers.set(peer, issuers)
    return issuers
  }
}

const subjectOf = ({ subject }: X509Certificate): string => (subject ?? '').replaceAll('\n', ', ')

function endDate(kind: EndDate['kind'], certificate: X509Certificate, from: string, to: string): EndDate {
  return { kind, name: subjectOf(certificate), from: readDate(from).getTime(), at: readDate(to).getTime() }
}

/** Why a certificate isn't accepted, by itself or because of the CA that issued it. */
export function certificateFault(peer: Peer, issuer: TrustedCa | undefined, now: number): Refusal | undefined {
  if (issuer === undefined || !isInTime(issuer, now))
    return refusal(
      403,
      'CERTIFICATE_UNTRUSTED',
      'the CA that issued your certificate, or a CA above it, is not trusted here, or has expired',
    )
  return ownFault(peer, now)
}

/** Why a certificate isn't accepted, whoever issued it. */
export function ownFault(peer: Peer, now: number): Refusal | undefined {
  if (now < peer.from || isOver(peer.to, now))
    return refusal(403, 'CERTIFICATE_EXPIRED', 'your certificate has expired, or is not valid yet')
  if (!peer.isClient) return refusal(403, 'CERTIFICATE_PURPOSE', 'your certificate is not one of a client')
  return undefined
}

const NO_NEWER = 'it is no newer than one that was in force, and may lack certificates that were revoked since'
const ITS_ISSUER = 'the issuer that has renewed your certificate'

function listFault(what: string, serial: string, lists: readonly RevocationList[], now: number): Refusal | undefined {
  if (lists.length === 0)
    return refusal(503, 'CRL_MISSING', 'there is no usable revocation list of a CA of your certificate')
  if (lists.some(({ serials }) => serials.has(serial)))
    return refusal(403, 'CERTIFICATE_REVOKED', `${what} has been revoked`)
  if (!lists.some((list) => isCurrent(list, now)))
    return refusal(503, 'CRL_EXPIRED', 'the revocation list of a CA of your certificate is not current')
  return undefined
}

const isRevoked = (fault: Refusal | undefined): boolean => fault?.code === 'CERTIFICATE_REVOKED'

/** What one list revokes stays revoked if another one is missing or not current. */
function gravest(one: Refusal | undefined, other: Refusal | undefined): Refusal | undefined {
  return isRevoked(other) ? other : (one ?? other)
}

function readCas(pem: string): X509Certificate[] {
  const certificates = certificatesIn(pem, 'tls.ca')
  if (certificates.length === 0) throw unusable('tls.ca contains no certificate')
  return certificates
}

function readLists(pem: string): RevocationList[] {
  if (pem.length > MOST_LIST_BYTES) throw invalidList(`it has more than ${MOST_LIST_BYTES} bytes, which is too large`)
  try {
    return readRevocationLists(pem)
  } catch (cause) {
    throw invalidList((cause as Error).message, cause)
  }
}

function tryContext(options: SecureContextOptions): void {
  try {
    createSecureContext(options)
  } catch (cause) {
    throw unusable((cause as Error).message, cause)
  }
}

function unusable(got: string, cause?: unknown): IdentityError {
  return new IdentityError('ERR_GATEWAY_TLS_INVALID', {
    tried: 'loading the certificates of a gateway',
    got,
    todo: 'Pass the PEM texts of the CA, and of a server certificate with its own key.',
    cause,
  })
}

function invalidList(got: string, cause?: unknown): PkiError {
  return new PkiError('ERR_CRL_INVALID', {
    tried: 'loading the certificate revocation list of a gateway',
    got,
    todo: 'Pass the newest list of each CA in tls.ca, as PEM. A list in force stays in force.',
    cause,
  })
}
