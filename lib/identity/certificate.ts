import { createHash, X509Certificate, type KeyObject } from 'node:crypto'
import { IdentityError } from '../base/errors.ts'
import { ours, sentence } from '../base/sentence.ts'
import { UNPRINTABLE } from '../base/text.ts'
import { readDate } from './dates.ts'
import { bareHost, coversHost, readNames, type CertificateNames } from './names.ts'
import { notPem, readPem, splitPem } from './pem.ts'
import { openPublicKey, readPublicKey, readSigningKey, type KeyFacts } from './public-key.ts'
import { openOnce } from './recent-certificates.ts'
import { printSerial } from './serial.ts'
import {
  alternativeNames,
  commonName,
  exactAttributes,
  extendedKeyUsage,
  isCaCertificate,
  publicKeyInfo,
  signatureAlgorithm,
} from './structure.ts'

export { formatPem, readPem, splitPem, type PemBlock } from './pem.ts'
export type { CertificateNames } from './names.ts'
export type { KeyFacts } from './public-key.ts'

/** The contents of a certificate as plain data. */
export interface CertificateFacts {
  /** The last common name of its subject: the one that dockerd uses as the user name. */
  readonly commonName?: string
  /** The distinguished name of its owner: `O=Example, CN=alice`. */
  readonly subject: string
  /** The distinguished name of the CA that signed it. */
  readonly issuer: string
  /** The host names and IP addresses that it is for. */
  readonly names: CertificateNames
  /** The start of its validity. */
  readonly validFrom: Date
  /** The end of its validity. */
  readonly validTo: Date
  /** Its extended key usage: `serverAuth`, `clientAuth`, `anyExtendedKeyUsage`, or an OID. Absent: for any purpose. */
  readonly purposes?: readonly string[]
  /** The type and size of its public key. */
  readonly key: KeyFacts
  /** Whether it may sign other certificates. */
  readonly isCa: boolean
  /** In hexadecimal. A negative one, which only some CAs issue, begins with `-`. */
  readonly serialNumber: string
  /** SHA-256 of the whole certificate, in hexadecimal with colons. */
  readonly fingerprint256: string
  /** `ecdsa-with-SHA256`, `sha256WithRSAEncryption`, `Ed25519`, ...; the OID of an uncommon algorithm. */
  readonly signatureAlgorithm: string
}

const PURPOSES: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
  '2.5.29.37.0': 'anyExtendedKeyUsage',
}

/** The RSA keys that are accepted: Go's crypto/tls refuses longer ones (CVE-2023-29409), and NIST and docker-mtls shorter ones. */
export const RSA_BITS = { min: 2048, max: 8192 } as const

/** The algorithms that Go, and so dockerd, verifies (crypto/x509, signatureAlgorithmDetails; SHA-1 is refused since Go 1.18). */
const SIGNATURES =
  /^(?:sha(?:256|384|512)WithRSAEncryption|ecdsa-with-SHA(?:256|384|512)|Ed25519|RSASSA-PSS-SHA(?:256|384|512))$/

/**
 * Reads a certificate's facts.
 *
 * @param input - PEM (its first certificate is read), the bytes of PEM or DER, or a certificate of node:crypto
 * @param name - how errors name it, usually the path of its file
 * @returns its contents
 * @throws {@link IdentityError} ERR_IDENTITY_NOT_PEM, ERR_IDENTITY_CERT_INVALID
 * @example
 * ```ts
 * const { commonName, validTo } = readCertificate(await readFile('cert.pem'), 'cert.pem')
 * ```
 */
export function readCertificate(
  input: string | Uint8Array | X509Certificate,
  name = 'the certificate',
): CertificateFacts {
  const x509 = input instanceof X509Certificate ? input : openCertificate(input, name)
  try {
    return facts(x509)
  } catch (cause) {
    throw invalid(name, (cause as Error).message, cause)
  }
}

/** The names of a certificate's owner, of which a value that readers may take for another one is left out. */
export interface OwnerNames {
  /** The common name of the subject, if it has exactly one. */
  readonly commonName?: string
  readonly organizationalUnits: readonly string[]
  /** DNS names, in lower case. */
  readonly dns: readonly string[]
  readonly uris: readonly string[]
  /** IPv4, and IPv6 in its short form. */
  readonly ips: readonly string[]
}

/**
 * The names that decide what the owner of a certificate may do.
 *
 * @throws {@link IdentityError} ERR_IDENTITY_CERT_INVALID
 */
export function readOwnerNames(x509: X509Certificate, name = 'the certificate'): OwnerNames {
  try {
    // With some keys, anybody could sign for the owner.
    readSigningKey(publicKeyInfo(x509.raw))
    const [user, ...others] = exactAttributes(x509.raw, 'commonName')
    const { dns, uri, ip } = alternativeNames(x509.raw)
    return {
      ...(isClear(user) && others.length === 0 && { commonName: user }),
      organizationalUnits: exactAttributes(x509.raw, 'organizationalUnit').filter(isClear),
      dns: asciiNames(dns).map((one) => one.toLowerCase()),
      uris: asciiNames(uri),
      ips: readNames({ dns: [], ip }).ip,
    }
  } catch (cause) {
    throw invalid(name, (cause as Error).message, cause)
  }
}

/** Is it a text without characters that are invisible, control a terminal, or stand for a fault in its bytes? */
function isClear(text: string | undefined): text is string {
  return text !== undefined && text !== '' && !text.includes('\ufffd') && text.search(UNPRINTABLE) === -1
}

/** These names have ASCII alone, and no spaces (RFC 5280 section 4.2.1.6). */
function asciiNames(names: readonly Uint8Array[]): string[] {
  const latin = new TextDecoder('latin1')
  return names.map((bytes) => latin.decode(bytes)).filter((text) => /^[!-~]+$/.test(text))
}

/** The certificate of node:crypto for PEM (its first one) or for the bytes of PEM or DER. */
export function openCertificate(input: string | Uint8Array, name = 'the certificate'): X509Certificate {
  if (isDer(input)) return openDer(input, name)
  const text = typeof input === 'string' ? input : new TextDecoder().decode(input)
  const block = readPem(text, name).find(({ label }) => label === 'CERTIFICATE')
  if (block === undefined) throw notPem(name, 'there is no certificate in it')
  return openDer(block.der, name)
}

/** All certificates in a PEM text, in their order; none if it contains none. */
export function certificatesIn(pem: string, name?: string): X509Certificate[] {
  return splitPem(pem, name).map((text) => openCertificate(text, name))
}

/** The SHA-256 of each certificate in a PEM text, as `fingerprint256`. OpenSSL takes 0.2 ms to open one, and this a tenth of that. */
export function fingerprintsIn(pem: string, name = 'the PEM text'): string[] {
  return readPem(pem, name).flatMap(({ label, der }) => (label === 'CERTIFICATE' ? [fingerprintOf(der)] : []))
}

function fingerprintOf(der: Uint8Array): string {
  const hex = createHash('sha256').update(der).digest('hex').toUpperCase()
  return (hex.match(/../g) ?? []).join(':')
}

/** Does Go, and so dockerd, verify signatures of this algorithm? */
export function isVerifiable({ signatureAlgorithm: algorithm }: Pick<CertificateFacts, 'signatureAlgorithm'>): boolean {
  return SIGNATURES.test(algorithm)
}

/** Does Go, and so dockerd, accept keys on this curve (crypto/ecdsa)? */
export function isAcceptedCurve(curve: string | undefined): boolean {
  return curve === 'P-256' || curve === 'P-384' || curve === 'P-521'
}

/** Did the key of this certificate sign the other? One that {@link publicKeyOf} refuses has signed nothing. */
export function isSignedBy(certificate: X509Certificate, ca: X509Certificate): boolean {
  try {
    return certificate.verify(publicKeyOf(ca))
  } catch {
    return false
  }
}

/** Opened once, since OpenSSL takes 0.1 ms to read a key. */
const publicKeys = new WeakMap<X509Certificate, KeyObject>()

/**
 * The public key of a certificate. Never by its property `publicKey`: see {@link openPublicKey}.
 *
 * @throws {@link IdentityError} ERR_IDENTITY_CERT_INVALID
 */
export function publicKeyOf(x509: X509Certificate, name = 'the certificate'): KeyObject {
  const known = publicKeys.get(x509)
  if (known) return known
  try {
    const key = openPublicKey(publicKeyInfo(x509.raw))
    publicKeys.set(x509, key)
    return key
  } catch (cause) {
    const got = cause instanceof RangeError ? cause.message : 'its public key is damaged'
    throw invalid(name, got, cause)
  }
}

/** Did one of these CAs sign it? It checks the name and the signature, because several CAs may have the same name. */
export function isIssuedBy(certificate: X509Certificate, authorities: readonly X509Certificate[]): boolean {
  return authorities.some((ca) => certificate.checkIssued(ca) && isSignedBy(certificate, ca))
}

/**
 * Is this certificate valid for this host? As in Docker's own client, only its subject alternative names count, never its
 * common name. Not by `checkHost()` of node:crypto, which accepts a bare common name in Deno 2.9, whatever its options say.
 *
 * @param x509 - the server's certificate
 * @param host - a DNS name or an address; brackets, an IPv6 zone and one trailing dot are ignored
 */
export function coversName(x509: X509Certificate, host: string): boolean {
  try {
    return coversHost(readNames(alternativeNames(x509.raw)), bareHost(host))
  } catch {
    // Its names can't be read.
    return false
  }
}

function isDer(input: string | Uint8Array): input is Uint8Array {
  // A SEQUENCE with a long length. No text begins with "0" and a character that isn't ASCII.
  return typeof input !== 'string' && input[0] === 0x30 && (input[1] ?? 0) >= 0x80
}

function openDer(der: Uint8Array, name: string): X509Certificate {
  let x509: X509Certificate
  try {
    x509 = openOnce(der)
  } catch (cause) {
    throw invalid(name, `it is not an X.509 certificate (${(cause as Error).message})`, cause)
  }
  // OpenSSL ignores bytes after the certificate; Go, and so dockerd, refuses them.
  if (x509.raw.length !== der.length) throw invalid(name, 'there are bytes after the end of the certificate')
  return x509
}

function facts(x509: X509Certificate): CertificateFacts {
  const user = commonName(x509.raw)
  const usages = extendedKeyUsage(x509.raw)
  return {
    ...(user === undefined ? {} : { commonName: user }),
    subject: oneLine(x509.subject),
    issuer: oneLine(x509.issuer),
    names: readNames(alternativeNames(x509.raw)),
    validFrom: readDate(x509.validFrom),
    validTo: readDate(x509.validTo),
    ...(usages === undefined ? {} : { purposes: usages.map((oid) => PURPOSES[oid] ?? oid) }),
    key: readPublicKey(publicKeyInfo(x509.raw)),
    isCa: isCaCertificate(x509.raw),
    serialNumber: printSerial(x509),
    fingerprint256: x509.fingerprint256,
    signatureAlgorithm: signatureAlgorithm(x509.raw),
  }
}

/** Node writes a distinguished name with one part a line. */
export function oneLine(name: string | undefined): string {
  return (name ?? '').replaceAll('\n', ', ')
}

function invalid(name: string, got: string, cause?: unknown): IdentityError {
  return new IdentityError('ERR_IDENTITY_CERT_INVALID', {
    tried: `reading ${name}`,
    got,
    todo: sentence`Copy the file again from the machine with the CA, or issue a new certificate there:  ${ours('cert', 'client', 'NAME')}`,
    cause,
  })
}
