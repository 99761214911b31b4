import { PkiError } from '../../base/errors.ts'
import { openCertificate, readCertificate, splitPem } from '../../identity/certificate.ts'
import { keyFingerprint } from '../../pki/key-type.ts'

/** An authority of a `ca.pem`, and how a person knows it again. */
export interface TrustedAuthority {
  /** The CA's distinguished name. */
  readonly subject: string
  /** SHA-256 of its certificate. */
  readonly fingerprint256: string
  /** Of its key: an authority whose certificate was renewed is the same one. */
  readonly key: string
}

/** What a new `ca.pem` changes about who is trusted. */
export interface TrustChange {
  readonly authorities: readonly TrustedAuthority[]
  readonly added: readonly TrustedAuthority[]
  readonly gone: readonly TrustedAuthority[]
}

/**
 * Compares the authorities of an answer with those that are trusted now. Whoever could put another authority in their
 * place could be the daemon to this client: so where not one stays, somebody has to say that it is meant.
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
  return splitPem(pem).map((text) => {
    const x509 = openCertificate(text)
    const { subject, fingerprint256 } = readCertificate(x509)
    return { subject, fingerprint256, key: keyFingerprint(x509.publicKey) }
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
  const trusted = old === undefined || old.length === 0 ? 'can not be read' : `trusts ${words(old)}`
  return new PkiError('ERR_CA_EXISTS', {
    tried: `replacing ${path}`,
    got: `it ${trusted}, and the answer brings another authority: ${words(authorities)}`,
    todo: 'Ask whoever keeps the authority, on a way that you trust, whether it was replaced and has that SHA-256; then  --force  takes it (the old file is kept beside it).',
  })
}

function words(authorities: readonly TrustedAuthority[]): string {
  return authorities.map(describeCa).join(' and ')
}
