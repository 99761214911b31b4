import { PkiError } from '../../base/errors.ts'
import { option, sentence } from '../../base/sentence.ts'
import { enumerate } from '../../base/text.ts'
import { certificatesIn, publicKeyOf, readCertificate } from '../../identity/certificate.ts'
import { keyFingerprint } from '../../pki/key-type.ts'

/** A CA in a `ca.pem`, as a person recognizes it. */
export interface TrustedAuthority {
  /** The CA's distinguished name. */
  readonly subject: string
  /** SHA-256 of its certificate. */
  readonly fingerprint256: string
  /** SHA-256 of its public key: a CA with a renewed certificate is the same CA. */
  readonly key: string
}

/** How a new `ca.pem` changes the trusted CAs. */
export interface TrustChange {
  readonly authorities: readonly TrustedAuthority[]
  readonly added: readonly TrustedAuthority[]
  readonly gone: readonly TrustedAuthority[]
}

/**
 * Compares the CAs of an answer with the trusted ones. Whoever replaces all of them can impersonate the daemon to this
 * client, so that requires `force`.
 *
 * @throws {@link PkiError} ERR_CA_EXISTS
 */
export function compareTrust(
  { path, was, now }: { readonly path: string; readonly was: string | undefined; readonly now: string },
  force: boolean,
): TrustChange {
  const authorities = casIn(now)
  if (was === undefined) return { authorities, added: [], gone: [] }
  const old = readOld(was)
  const keys = new Set(authorities.map(({ key }) => key))
  const oldKeys = new Set(old?.map(({ key }) => key))
  if (!force && ![...oldKeys].some((key) => keys.has(key))) throw otherTrust(path, old, authorities)
  return {
    authorities,
    added: authorities.filter(({ key }) => !oldKeys.has(key)),
    gone: (old ?? []).filter(({ key }) => !keys.has(key)),
  }
}

function readOld(pem: string): TrustedAuthority[] | undefined {
  try {
    return casIn(pem)
  } catch {
    return undefined
  }
}

export function casIn(pem: string): TrustedAuthority[] {
  return certificatesIn(pem).map((x509) => {
    const { subject, fingerprint256 } = readCertificate(x509)
    return { subject, fingerprint256, key: keyFingerprint(publicKeyOf(x509)) }
  })
}

/** `CN=x (SHA-256 AB:CD...)`. */
export function describeCa({ subject, fingerprint256 }: TrustedAuthority): string {
  return `${subject} (SHA-256 ${fingerprint256})`
}

function otherTrust(
  path: string,
  old: readonly TrustedAuthority[] | undefined,
  authorities: readonly TrustedAuthority[],
): PkiError {
  const trusted = old === undefined || old.length === 0 ? 'cannot be read' : `trusts ${describeAll(old)}`
  return new PkiError('ERR_CA_EXISTS', {
    tried: `replacing ${path}`,
    got: `it ${trusted}, and the answer contains another CA, ${describeAll(authorities)}`,
    todo: sentence`Ask the owner of the CA, over a channel that you trust, whether the CA was replaced and has this SHA-256. If so, accept it with ${option('force', 'true')} (the old file is kept).`,
  })
}

function describeAll(cas: readonly TrustedAuthority[]): string {
  return enumerate(cas.map(describeCa))
}
