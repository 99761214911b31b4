import type { X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { IdentityError, PkiError } from '../base/errors.ts'
import { certificatesIn, isIssuedBy } from '../identity/certificate.ts'
import { readRevocationLists, serialOf, type RevocationList } from '../identity/crl.ts'
import { readDate } from '../identity/dates.ts'
import { TLS_POLICY } from '../transport/tls-policy.ts'
import type { EndDate } from './metrics/interface.ts'
import type { GatewayTls } from './options.ts'
import type { Peer } from './peer.ts'
import { refusal, type Refusal } from './refusal.ts'

/** A CA whose clients may come. */
interface TrustedCa {
  readonly certificate: X509Certificate
  readonly serial: string
  readonly from: number
  readonly to: number
  /** Its newest revocation list. */
  readonly list: RevocationList | undefined
}

/** Who may come, as of one call of `createGateway()` or `reload()`. */
export class Trust {
  readonly tls: GatewayTls
  /** Undefined: none is configured. Null: it is missing. */
  readonly crl: string | null | undefined
  readonly #cas: readonly TrustedCa[]
  /** The CA that signed each CA, where it is another one. */
  readonly #above: ReadonlyMap<TrustedCa, TrustedCa | undefined>
  readonly #issuers = new WeakMap<Peer, TrustedCa>()
  /** The newest list that was ever in force, by the fingerprint of its CA. */
  readonly #newest = new Map<string, Date>()

  /**
   * @throws {@link IdentityError} ERR_GATEWAY_TLS_INVALID
   * @throws {@link PkiError} ERR_CRL_INVALID
   */
  constructor(tls: GatewayTls, crl: string | null | undefined) {
    this.tls = tls
    this.crl = crl
    const lists = typeof crl === 'string' ? readLists(crl) : []
    this.#cas = readCas(tls.ca).map((certificate) => ({
      certificate,
      serial: serialOf(certificate.serialNumber),
      from: readDate(certificate.validFrom).getTime(),
      to: readDate(certificate.validTo).getTime(),
      list: newest(lists.filter((list) => list.isOf(certificate))),
    }))
    this.#above = new Map(this.#cas.map((ca) => [ca, this.#cas.find((one) => one !== ca && signs(one, ca))]))
    for (const { certificate, list } of this.#cas) {
      if (list) this.#newest.set(certificate.fingerprint256, list.thisUpdate)
    }
    tryContext(this.secureContext)
  }

  /** Whether each CA has a list that is current. */
  hasCurrentLists(now: number): boolean {
    return typeof this.crl === 'string' && this.#cas.every(({ list }) => list !== undefined && isCurrent(list, now))
  }

  /** The options of the TLS server. It gets no lists: OpenSSL would refuse without saying whom, and why. */
  get secureContext(): SecureContextOptions {
    const { ca, cert, key } = this.tls
    return { ...TLS_POLICY, honorCipherOrder: true, ca, cert, key }
  }

  /** When the certificate of the gateway, its CAs and their lists end. */
  endDates(): EndDate[] {
    const [own] = certificatesIn(this.tls.cert, 'tls.cert')
    const server = own ? [endOf('server', own, own.validFrom, own.validTo)] : []
    const cas = this.#cas.map(({ certificate }) => endOf('ca', certificate, certificate.validFrom, certificate.validTo))
    if (this.crl === undefined) return [...server, ...cas]
    const lists = this.#cas.map(({ certificate, list }) => ({
      kind: 'crl' as const,
      name: subjectOf(certificate),
      from: list?.thisUpdate.getTime() ?? 0,
      at: list?.nextUpdate?.getTime() ?? Number.NaN,
    }))
    return [...server, ...cas, ...lists]
  }

  /** Refuses a list that is older than any that was in force: it may lack what has been revoked since. */
  refuseOlder(before: Trust): void {
    const now = new Date()
    for (const [ca, date] of before.#newest) {
      // It was never in force: the clock of its CA was wrong.
      if (date > now) continue
      const own = this.#newest.get(ca) ?? date
      if (own < date) throw invalidList('it is older than one that was in force')
      this.#newest.set(ca, own)
    }
  }

  /** Checks a client before each request: a handshake may have been long ago, or have resumed a session. */
  check(peer: Peer, now: number): Refusal | undefined {
    const issuer = this.#issuerOf(peer)
    const fault = certificateFault(peer, issuer, now)
    if (fault || this.crl === undefined || issuer === undefined) return fault
    return listFault(peer.serial, issuer.list, now) ?? this.#faultAbove(issuer, now)
  }

  #faultAbove(issuer: TrustedCa, now: number): Refusal | undefined {
    let ca = issuer
    // CAs may have signed each other.
    for (let step = 0; step < this.#cas.length; step++) {
      const above = this.#above.get(ca)
      if (above === undefined) return undefined
      const fault = listFault(ca.serial, above.list, now)
      if (fault) return fault
      ca = above
    }
    return undefined
  }

  /** Verifies a signature, so it is done once for each connection. */
  #issuerOf(peer: Peer): TrustedCa | undefined {
    const known = this.#issuers.get(peer)
    if (known) return known
    const issuer = this.#cas.find(({ certificate }) => isIssuedBy(peer.certificate, [certificate]))
    if (issuer) this.#issuers.set(peer, issuer)
    return issuer
  }
}

const subjectOf = ({ subject }: X509Certificate): string => (subject ?? '').replaceAll('\n', ', ')

function endOf(kind: EndDate['kind'], certificate: X509Certificate, from: string, to: string): EndDate {
  return { kind, name: subjectOf(certificate), from: readDate(from).getTime(), at: readDate(to).getTime() }
}

const signs = (one: TrustedCa, other: TrustedCa): boolean => isIssuedBy(other.certificate, [one.certificate])

function certificateFault(peer: Peer, issuer: TrustedCa | undefined, now: number): Refusal | undefined {
  if (issuer === undefined || now < issuer.from || now > issuer.to)
    return refusal(
      403,
      'CERTIFICATE_UNTRUSTED',
      'the CA that issued your certificate is not trusted here, or has expired',
    )
  if (now < peer.from || now > peer.to)
    return refusal(403, 'CERTIFICATE_EXPIRED', 'your certificate has expired, or is not valid yet')
  if (!peer.isClient) return refusal(403, 'CERTIFICATE_PURPOSE', 'your certificate is not one of a client')
  return undefined
}

function listFault(serial: string, list: RevocationList | undefined, now: number): Refusal | undefined {
  if (list === undefined)
    return refusal(503, 'CRL_MISSING', 'there is no usable revocation list of a CA of your certificate')
  if (list.serials.has(serial))
    return refusal(403, 'CERTIFICATE_REVOKED', 'your certificate, or its CA, has been revoked')
  if (!isCurrent(list, now))
    return refusal(503, 'CRL_EXPIRED', 'the revocation list of a CA of your certificate is not current')
  return undefined
}

function isCurrent({ thisUpdate, nextUpdate }: RevocationList, now: number): boolean {
  return thisUpdate.getTime() <= now && nextUpdate !== undefined && now <= nextUpdate.getTime()
}

function newest(lists: readonly RevocationList[]): RevocationList | undefined {
  return lists.toSorted((one, other) => other.thisUpdate.getTime() - one.thisUpdate.getTime())[0]
}

function readCas(pem: string): X509Certificate[] {
  const certificates = certificatesIn(pem, 'tls.ca')
  if (certificates.length === 0) throw unusable('tls.ca contains no certificate')
  return certificates
}

function readLists(pem: string): RevocationList[] {
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
