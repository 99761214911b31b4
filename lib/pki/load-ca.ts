import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto'
import { isDockerMtlsError, PkiError } from '../base/errors.ts'
import { openCertificate, readCertificate, splitPem, type CertificateFacts } from '../identity/certificate.ts'
import { caOf, type Authority } from './ca.ts'
import { encode } from './der.ts'
import type { Passphrase } from './encrypted-key.ts'
import { signingWith } from './key-type.ts'
import { readSubject } from './read-extensions.ts'
import { checkBytes, checkOptions } from '../base/options.ts'

/** What {@link loadAuthority} takes. */
export interface AuthorityFiles {
  /** `ca.pem` as PEM. Where it holds several certificates, as while a CA is rotated, the one that the key is for counts. */
  readonly certificate: string | Uint8Array
  /** `ca-key.pem` as PEM: PKCS#8, or OpenSSL's older forms. */
  readonly key: string | Uint8Array
  /** Opens an encrypted key. Passed over where the key isn't encrypted. */
  readonly passphrase?: Passphrase
}

/** NIST SP 800-131A: less is no longer to be signed with. */
const MIN_RSA_BITS = 2048

/**
 * Loads an authority from its PEM, whoever made it, and checks that it can sign what Docker takes: a CA by its basic
 * constraints and key usage, its own root, within its dates, and the key is its own. Name constraints aren't held against
 * the names that are issued later.
 *
 * @throws {@link PkiError} ERR_CA_INVALID, ERR_CA_EXPIRED, ERR_CA_PASSPHRASE
 * @throws {@link ArgumentError} ERR_OPTION_UNKNOWN
 * @example
 * ```ts
 * const authority = await loadAuthority({
 *   certificate: await readFile('ca/ca.pem'),
 *   key: await readFile('ca/ca-key.pem'),
 *   passphrase: await readFile('/run/secrets/ca-passphrase', 'utf8'),
 * })
 * ```
 */
// oxlint-disable-next-line require-await -- every failure is a rejection, argument mistakes too
export async function loadAuthority(files: AuthorityFiles): Promise<Authority> {
  checkOptions(files, ['certificate', 'key', 'passphrase'], 'loadAuthority')
  checkBytes(files.certificate, "the authority's certificate")
  checkBytes(files.key, "the authority's key")
  if (files.passphrase !== undefined) checkBytes(files.passphrase, "the passphrase of the authority's key")
  const certificates = openCertificates(files.certificate)
  const key = openCaKey(files.key, files.passphrase)
  const x509 = certificates.find((certificate) => certificate.checkPrivateKey(key))
  if (x509 === undefined) {
    throw unusable(
      'the key is for another certificate',
      'Put the key and the certificate that were made together side by side.',
    )
  }
  checkCa(x509)
  const authority = caOf(x509, key)
  if (authority === undefined) throw unusable('its certificate has no subject', NEW_ONE)
  return authority
}

const NEW_ONE = 'Make a new authority; the old files are kept beside it:  docker-mtls cert ca --replace-ca'

/** The certificates in a CA file, at least one. */
export function openCertificates(pem: string | Uint8Array): [X509Certificate, ...X509Certificate[]] {
  try {
    const texts = splitPem(typeof pem === 'string' ? pem : new TextDecoder().decode(pem), "the authority's certificate")
    const [first, ...others] = texts.map((text) => openCertificate(text, "the authority's certificate"))
    if (first === undefined) throw unusable('there is no certificate in its PEM', NEW_ONE)
    return [first, ...others]
  } catch (cause) {
    if (!isDockerMtlsError(cause) || cause instanceof PkiError) throw cause
    throw unusable(cause.got, NEW_ONE, cause)
  }
}

export function openCaKey(pem: string | Uint8Array, passphrase: Passphrase | undefined): KeyObject {
  const key = Buffer.from(pem)
  const encrypted = isEncryptedKey(pem)
  if (encrypted && passphrase === undefined) throw locked('it is encrypted, and there is no passphrase')
  try {
    return createPrivateKey({
      key,
      ...(encrypted && passphrase !== undefined && { passphrase: Buffer.from(passphrase) }),
    })
  } catch (cause) {
    // OpenSSL can't tell a wrong passphrase from a damaged file for sure.
    if (encrypted) throw locked('the passphrase does not open it', cause)
    throw unusable(`its key is no private key in PEM (${(cause as Error).message})`, NEW_ONE, cause)
  }
}

/** PKCS#8 says so in its label, OpenSSL's older form in a header (`Proc-Type: 4,ENCRYPTED`). */
export function isEncryptedKey(pem: string | Uint8Array): boolean {
  return /BEGIN ENCRYPTED PRIVATE KEY|^Proc-Type:.*ENCRYPTED/m.test(Buffer.from(pem).toString('latin1'))
}

/** Refuses a certificate that no leaf's reader would take as its authority. */
export function checkCa(x509: X509Certificate): CertificateFacts {
  const facts = readCertificate(x509, "the authority's certificate")
  checkDates(facts)
  const got = fault(x509, facts)
  if (got !== undefined) throw unusable(got, NEW_ONE)
  return facts
}

function checkDates({ subject, validFrom, validTo }: CertificateFacts): void {
  if (validFrom.getTime() > Date.now()) {
    throw unusable(`${subject} only holds from ${validFrom.toISOString()} on`, 'Set the clock, or wait until then.')
  }
  if (validTo.getTime() >= Date.now()) return
  throw new PkiError('ERR_CA_EXPIRED', {
    tried: 'loading the authority',
    got: `${subject} ended on ${validTo.toISOString()}`,
    todo: NEW_ONE,
  })
}

function fault(x509: X509Certificate, { isCa, subject, key }: CertificateFacts): string | undefined {
  // X509_check_ca(3): CA:TRUE, and keyCertSign where there is a key usage.
  if (!isCa) return `${subject} is no CA by its basic constraints and key usage`
  // OpenSSL, and so Node and curl, wants the root of a chain; Go would do with less.
  if (!x509.checkIssued(x509) || !x509.verify(x509.publicKey)) return `${subject} is no root: another CA signed it`
  if (signingWith(x509.publicKey) === undefined) return `dockerd takes no keys of the type ${key.curve ?? key.type}`
  if (key.bits !== undefined && key.bits < MIN_RSA_BITS)
    return `its RSA key has ${key.bits} bits, under ${MIN_RSA_BITS}`
  const name = readSubject(x509)
  // A name that we can't repeat byte for byte would be another name to Go.
  if (name === undefined || !x509.raw.includes(encode(name))) return `the subject of ${subject} is not DER`
  return undefined
}

function unusable(got: string, todo: string, cause?: unknown): PkiError {
  return new PkiError('ERR_CA_INVALID', { tried: 'loading the authority', got, todo, cause })
}

function locked(got: string, cause?: unknown): PkiError {
  return new PkiError('ERR_CA_PASSPHRASE', {
    tried: "opening the authority's key",
    got,
    todo: 'Give the passphrase that it was made with; without it the authority can only be replaced.',
    cause,
  })
}
