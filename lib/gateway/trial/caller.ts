import { certificatesIn, isIssuedBy } from '../../identity/certificate.ts'
import { isRenewalIssuer } from '../../identity/origin.ts'
import { identityOfCertificate, type PolicyIdentity } from '../../policy/who/identity.ts'
import { withOrigin } from '../deciding/by-policy.ts'
import { Peer } from '../trust/peer.ts'
import type { Refusal } from '../refusal.ts'
import { certificateFault, ownFault } from '../trust/trust.ts'
import { nameAndKeyOf, signs, trustedCa, trustedCas, validOf, type TrustedCa } from '../trust/trusted-ca.ts'

/** A caller, as a gateway knows it by its certificate. */
export interface TriedCaller {
  readonly identity: PolicyIdentity
  /** The gateway refuses the certificate, whatever the policy says. Revocation lists aren't looked at. */
  readonly refusal?: Refusal | undefined
  /** A gateway has renewed the certificate, and what it knows of the line depends on a certificate that isn't there. */
  readonly missing?: 'ca' | 'issuer'
}

/**
 * What a gateway makes of a certificate.
 *
 * @param own - as PEM: the certificate, and that of the issuer if a gateway has renewed it
 * @param authorities - the `ca.pem` of the gateway. Undefined: it isn't known, and any CA would do
 * @throws {@link IdentityError} ERR_IDENTITY_NOT_PEM, ERR_IDENTITY_CERT_INVALID
 */
export function triedCaller(own: string, authorities: string | undefined, now: number): TriedCaller {
  const [certificate, ...others] = certificatesIn(own, 'cert')
  if (certificate === undefined) return { identity: identityOfCertificate(own) }
  const known = certificatesIn(authorities ?? '', 'ca')
  const cas = trustedCas(
    known.filter((one) => !isRenewalIssuer(one)),
    [],
    undefined,
  )
  const all = cas.map((ca) => ca.certificate)
  const identity = identityOfCertificate(certificate, all)
  const peer = new Peer(certificate)
  const by = cas.filter((ca) => isIssuedBy(certificate, [ca.certificate]))
  const { origin } = peer
  if (origin === undefined || by.length > 0) {
    const refusal = authorities === undefined ? ownFault(peer, now) : certificateFault(peer, validOf(by, now), now)
    return { identity, refusal }
  }
  if (authorities === undefined) return { identity, missing: 'ca' }
  const found = [...others, ...known].find((one) => isRenewalIssuer(one) && isIssuedBy(certificate, [one]))
  if (found === undefined) return { identity, missing: 'issuer' }
  const issuer = trustedCa(found, [])
  const needed = [issuer, validOf(signersOf(issuer, cas), now), caOf(origin.issuerFingerprint256, cas, now)]
  const refusal = needed.map((ca) => certificateFault(peer, ca, now)).find(Boolean)
  return { identity: withOrigin(identity, origin, all), refusal }
}

const signersOf = (issuer: TrustedCa, cas: readonly TrustedCa[]): TrustedCa[] => cas.filter((ca) => signs(ca, issuer))

/** After its end, a CA can have another certificate for the same key. */
function caOf(fingerprint256: string, cas: readonly TrustedCa[], now: number): TrustedCa | undefined {
  const ca = cas.find(({ certificate }) => certificate.fingerprint256 === fingerprint256)
  const same = cas.filter(({ certificate }) => ca && nameAndKeyOf(certificate) === ca.nameAndKey)
  return validOf(same, now)
}
