import type { KeyObject } from 'node:crypto'
import { isDockerMtlsError } from '../../base/errors.ts'
import { publicKeyOf } from '../../identity/certificate.ts'
import { isSameKey } from '../../identity/public-key.ts'
import { loadIssuer, type Issuer } from '../../pki/issuer.ts'
import { hasPrimeModulus, PRIME_MODULUS } from '../../pki/prime-modulus.ts'
import { readRequest } from '../../pki/read-request.ts'
import type { GatewayIssuer } from '../options.ts'
import type { Peer } from '../trust/peer.ts'
import { refusal, type Refusal } from '../refusal.ts'
import type { IssuerFault, Trust } from '../trust/trust.ts'

/** Between two renewals of one line, in milliseconds. */
const PAUSE_MS = 1_000

/** A certificate that was renewed. */
export interface Renewed {
  /** As PEM: the certificate, and the issuer's. It is `cert.pem`. */
  readonly certificate: string
  /** In hexadecimal. */
  readonly serial: string
  readonly notAfter: Date
  /** When the line ends, whatever is renewed. */
  readonly until: Date
}

/** What a client asks for, and may have. */
export interface RenewalAsked {
  /** PKCS#10 as PEM. Only its key counts. */
  readonly request: Uint8Array | undefined
  /** How long the new certificate may live. Undefined: whoever decides says nothing about renewals. */
  readonly seconds: number | undefined
}

const NO_ISSUER = 'this gateway has no issuer: start it with --issuer DIR'

const FAULTS: Readonly<Record<IssuerFault, string>> = {
  unsigned: 'no CA of this gateway has signed its issuer',
  expired: 'its issuer, the CA that signed it, or a CA above, has expired or is not valid yet',
  revoked: 'its issuer has been revoked',
  'ca-revoked': 'a CA of its issuer has been revoked',
  unlisted: 'the revocation list of a CA of its issuer is missing or not current',
}

/** Renews certificates of clients, and remembers when. */
export class Renewals {
  /** By the origin of the line, the oldest first. */
  readonly #last = new Map<string, number>()

  /**
   * Loads an issuer.
   *
   * @throws {@link PkiError} ERR_ISSUER_INVALID
   */
  load(issuer: GatewayIssuer): Issuer {
    return loadIssuer(issuer)
  }

  async renew(
    trust: Trust,
    peer: Peer,
    { request = new Uint8Array(), seconds }: RenewalAsked,
  ): Promise<Renewed | Refusal> {
    if (seconds === undefined)
      return refusal(
        403,
        'RENEWAL_NOT_ALLOWED',
        'whoever decides here does not say that your certificate may be renewed',
      )
    const { issuer } = trust
    const now = Date.now()
    const fault = trust.issuerFault(now)
    const origin = trust.originOf(peer)
    if (issuer === undefined || fault || origin === undefined)
      return refusal(503, 'RENEWAL_UNAVAILABLE', fault ? FAULTS[fault] : NO_ISSUER)
    const publicKey = keyOf(request, peer)
    if ('status' in publicKey) return publicKey
    if (!this.#mayAgain(`${origin.issuerFingerprint256} ${origin.serial}`, now))
      return refusal(429, 'TOO_MANY_REQUESTS', `your certificate was renewed less than ${PAUSE_MS / 1000} s ago`)
    if (await hasPrimeModulus(publicKey)) return refusal(400, 'REQUEST_INVALID', `${KEY_REFUSED}${PRIME_MODULUS}`)
    const ends = trust.endsOf(origin)
    const until = new Date(Math.min(...ends.map((end) => end.getTime())))
    const x509 = issuer.renew({ old: peer.certificate, origin, publicKey, life: seconds * 1000, ends })
    return {
      certificate: `${x509.toString()}${issuer.certificate.toString()}`,
      serial: x509.serialNumber,
      notAfter: new Date(x509.validTo),
      until,
    }
  }

  #mayAgain(line: string, now: number): boolean {
    for (const [old, at] of this.#last) {
      // The clock may have been set back.
      if (Math.abs(now - at) < PAUSE_MS) break
      this.#last.delete(old)
    }
    if (this.#last.has(line)) return false
    this.#last.set(line, now)
    return true
  }
}

const KEY_REFUSED = 'the certificate request is refused: '

/** Checks a request as `cert sign` does. Its name doesn't count: the new certificate has that of the old one. */
function keyOf(request: Uint8Array, { certificate }: Peer): KeyObject | Refusal {
  try {
    const { publicKey } = readRequest(request, { name: 'client' })
    if (!isSameKey(publicKey, publicKeyOf(certificate))) return publicKey
    return refusal(400, 'REQUEST_INVALID', 'the request has the key of your certificate: create a new key')
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return refusal(400, 'REQUEST_INVALID', `${KEY_REFUSED}${error.got}`)
  }
}
