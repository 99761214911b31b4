import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto'
import { ours, sentence, type CommandPart, type Sentence } from '../base/sentence.ts'
import { isDockerMtlsError, PkiError } from '../base/errors.ts'
import {
  certificatesIn,
  isSignedBy,
  readCertificate,
  RSA_BITS,
  type CertificateFacts,
} from '../identity/certificate.ts'
import { caOf, type Authority } from './ca.ts'
import { encode } from './der.ts'
import type { Passphrase } from './encrypted-key.ts'
import { signingWith } from './key-type.ts'
import { readSubject } from './read-extensions.ts'
import { checkBytes, checkOptions } from '../base/options.ts'

/** The files of a CA for {@link loadAuthority}. */
export interface AuthorityFiles {
  /** The contents of `ca.pem`, as PEM. If it holds several certificates, as during a rotation, the one that matches the key is used. */
  readonly certificate: string | Uint8Array
  /** The contents of `ca-key.pem`, as PEM: PKCS#8, or one of OpenSSL's older forms. */
  readonly key: string | Uint8Array
  /** Decrypts an encrypted key; ignored if the key isn't encrypted. */
  readonly passphrase?: Passphrase
}

/**
 * Loads a CA, created by docker-mtls or by another tool, and checks that it can sign certificates that Docker accepts: it is
 * a CA by its basic constraints and key usage, it is a root, it is currently valid, and the key matches. Its name constraints
 * are not applied to the names of certificates issued later.
 *
 * @param files - certificate and key as PEM, and the passphrase of an encrypted key
 * @returns the CA
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
  return loadCa(files, REPLACE)
}

/** The command that replaces a CA which can't be used. Whoever knows the CA's folder names that as well. */
const REPLACE = ours('cert', 'ca', '--replace-ca')

/** Loads a CA as {@link loadAuthority} does; errors name the command that replaces it. */
export function loadCa(files: AuthorityFiles, replace: CommandPart): Authority {
  checkOptions(files, ['certificate', 'key', 'passphrase'], 'loadAuthority')
  checkBytes(files.certificate, 'the CA certificate')
  checkBytes(files.key, 'the CA key')
  if (files.passphrase !== undefined) checkBytes(files.passphrase, 'the passphrase of the CA key')
  const certificates = openCertificates(files.certificate, replace)
  const key = openCaKey(files.key, files.passphrase, replace)
  const x509 = certificates.find((certificate) => certificate.checkPrivateKey(key))
  if (x509 === undefined) {
    throw unusable(
      'the key does not match the certificate',
      'Use the ca.pem and ca-key.pem that were created together.',
    )
  }
  checkCa(x509, replace)
  const authority = caOf(x509, key)
  if (authority === undefined) throw unusable('its certificate has no subject', restore(replace))
  return authority
}

function restore(replace: CommandPart): Sentence {
  return sentence`Restore ca.pem and ca-key.pem from a backup. Only if there is none, create a new CA (the old files are kept):  ${replace}`
}

/** Reads the certificates in a CA file, at least one. */
export function openCertificates(
  pem: string | Uint8Array,
  replace: CommandPart = REPLACE,
): [X509Certificate, ...X509Certificate[]] {
  try {
    const text = typeof pem === 'string' ? pem : new TextDecoder().decode(pem)
    const [first, ...others] = certificatesIn(text, 'the CA certificate')
    if (first === undefined) throw unusable('its PEM contains no certificate', restore(replace))
    return [first, ...others]
  } catch (cause) {
    if (!isDockerMtlsError(cause) || cause instanceof PkiError) throw cause
    throw unusable(cause.got, restore(replace), cause)
  }
}

export function openCaKey(
  pem: string | Uint8Array,
  passphrase: Passphrase | undefined,
  replace: CommandPart,
): KeyObject {
  const key = Buffer.from(pem)
  const encrypted = isEncryptedKey(pem)
  if (encrypted && passphrase === undefined) throw locked('it is encrypted, and no passphrase was given')
  try {
    return createPrivateKey({
      key,
      ...(encrypted && passphrase !== undefined && { passphrase: Buffer.from(passphrase) }),
    })
  } catch (cause) {
    // OpenSSL can't tell a wrong passphrase from a damaged file for sure.
    if (encrypted) throw locked('the passphrase does not decrypt it', cause)
    throw unusable('its key is not a private key in PEM', restore(replace), cause)
  }
}

/** Is the key encrypted? PKCS#8 says so in its label, OpenSSL's older form in a header (`Proc-Type: 4,ENCRYPTED`). */
export function isEncryptedKey(pem: string | Uint8Array): boolean {
  return /BEGIN ENCRYPTED PRIVATE KEY|^Proc-Type:.*ENCRYPTED/m.test(Buffer.from(pem).toString('latin1'))
}

/** Refuses a certificate that Go or OpenSSL would reject as a CA. */
export function checkCa(x509: X509Certificate, replace: CommandPart): void {
  const facts = readCertificate(x509, 'the CA certificate')
  checkDates(facts, replace)
  const got = fault(x509, facts)
  if (got !== undefined) throw unusable(got, restore(replace))
}

function checkDates({ subject, validFrom, validTo }: CertificateFacts, replace: CommandPart): void {
  if (validFrom.getTime() > Date.now()) {
    throw unusable(`${subject} is not valid before ${validFrom.toISOString()}`, 'Check the clock of this machine.')
  }
  if (validTo.getTime() >= Date.now()) return
  throw new PkiError('ERR_CA_EXPIRED', {
    tried: 'loading the CA',
    got: `${subject} expired on ${validTo.toISOString()}`,
    todo: sentence`Create a new CA, then issue every certificate again (the old files are kept):  ${replace}`,
  })
}

function fault(x509: X509Certificate, { isCa, subject, key }: CertificateFacts): string | undefined {
  // X509_check_ca(3): CA:TRUE, and keyCertSign if there is a key usage.
  if (!isCa) return `${subject} is not a CA by its basic constraints and key usage`
  // OpenSSL, and so Node and curl, requires the root of a chain; Go doesn't.
  if (!x509.checkIssued(x509) || !isSignedBy(x509, x509)) return `${subject} is not a root CA: another CA signed it`
  if (signingWith(key) === undefined) return `dockerd does not accept ${key.curve ?? key.type} keys`
  // NIST SP 800-131A: shorter keys must no longer sign.
  if (key.bits !== undefined && key.bits < RSA_BITS.min)
    return `its RSA key has ${key.bits} bits; at least ${RSA_BITS.min} are required`
  const name = readSubject(x509)
  // Go compares names byte for byte, so we must be able to repeat this one.
  if (name === undefined || !x509.raw.includes(encode(name))) return `the subject of ${subject} is not DER`
  return undefined
}

function unusable(got: string, todo: Sentence, cause?: unknown): PkiError {
  return new PkiError('ERR_CA_INVALID', { tried: 'loading the CA', got, todo, cause })
}

function locked(got: string, cause?: unknown): PkiError {
  return new PkiError('ERR_CA_PASSPHRASE', {
    tried: 'opening the CA key',
    got,
    todo: 'Use the passphrase that the key was encrypted with.',
    cause,
  })
}
