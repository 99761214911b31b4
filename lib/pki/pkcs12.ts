import { createHash, createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto'
import { isDockerMtlsError, PkiError } from '../base/errors.ts'
import { certificatesIn } from '../identity/certificate.ts'
import { bmpString, encode, explicit, implicit, integer, octetString, oid, sequence, setOf, type Asn1 } from './der.ts'
import { MAX_PASSPHRASE } from './encrypted-key.ts'
import { isEncryptedKey } from './load-ca.ts'
import { encrypt } from './pbes2.ts'
import { macData } from './pkcs12-mac.ts'
import { checkBytes, checkOptions, checkText } from '../base/options.ts'

/** Options of {@link exportPkcs12}. */
export interface Pkcs12Options {
  /** One or more CA certificates as PEM. */
  readonly ca: string | Uint8Array
  /** The certificate, followed by any intermediate CAs, as PEM. */
  readonly cert: string | Uint8Array
  /** Its private key as unencrypted PEM. */
  readonly key: string | Uint8Array
  /** Encrypts the whole file; 1 to 1024 bytes. */
  readonly passphrase: string | Uint8Array
  /**
   * The name under which tools show it.
   *
   * @defaultValue none
   */
  readonly name?: string
}

const DATA = '1.2.840.113549.1.7.1'
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6'
const SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2'
const CERT_BAG = '1.2.840.113549.1.12.10.1.3'
const X509_CERTIFICATE = '1.2.840.113549.1.9.22.1'
const FRIENDLY_NAME = '1.2.840.113549.1.9.20'
const LOCAL_KEY_ID = '1.2.840.113549.1.9.21'

/**
 * Packs a key with its certificate and CA into a PKCS#12 file (RFC 7292), encrypted with AES-256 and HMAC-SHA-256. It takes
 * about a second, to slow down guessing of the passphrase.
 *
 * @param options - certificates, key and passphrase
 * @returns the contents of the file; it contains the key, so save it with mode 0600
 * @throws {@link PkiError} ERR_PKCS12_PASSPHRASE; ERR_CERTIFICATE_INVALID if a part can't be read or they don't match
 * @throws {@link ArgumentError} ERR_OPTION_UNKNOWN, ERR_ARGUMENT_INVALID
 * @example
 * ```ts
 * const file = await exportPkcs12({ ca, cert, key, passphrase: 'correct horse battery', name: 'alice' })
 * ```
 */
export async function exportPkcs12(options: Pkcs12Options): Promise<Buffer> {
  checkOptions(options, ['ca', 'cert', 'key', 'passphrase', 'name'], 'exportPkcs12')
  const { name } = options
  if (name !== undefined) checkText(name, 'the name in a PKCS#12 file')
  const passphrase = readPassphrase(options.passphrase)
  const [leaf, ...intermediates] = openCertificates(options.cert, 'the certificate')
  const authorities = openCertificates(options.ca, 'the CA certificate')
  const key = openKey(options.key)
  if (!leaf.checkPrivateKey(key)) throw invalid('the key', 'it does not match the certificate')
  // It tells readers which certificate belongs to the key.
  const id = createHash('sha1').update(leaf.raw).digest()
  const own = attributes(id, name)
  const certs = [certBag(leaf, own), ...[...intermediates, ...authorities].map((one) => certBag(one, []))]
  const safe = encode(
    sequence(
      await encryptedSafe(sequence(...certs), passphrase),
      contentInfo(octetString(encode(sequence(await keyBag(key, own, passphrase))))),
    ),
  )
  // PFX ::= SEQUENCE { version 3, authSafe, macData }.
  return encode(sequence(integer(3), contentInfo(octetString(safe)), await macData(safe, passphrase)))
}

/** Refuses a passphrase that is empty or that some tools can't take. */
export function readPassphrase(given: string | Uint8Array): string {
  checkBytes(given, 'the passphrase of a PKCS#12 file')
  const text = typeof given === 'string' ? given : decode(given)
  const bytes = Buffer.byteLength(text)
  if (bytes === 0) throw badPassphrase('the passphrase is empty')
  if (bytes > MAX_PASSPHRASE) throw badPassphrase(`the passphrase has ${bytes} bytes`)
  // Some readers end it at a zero byte, others don't; a lone surrogate has no UTF-8.
  if (text.includes('\0') || /\p{Cs}/u.test(text))
    throw badPassphrase('the passphrase contains a character that cannot be typed')
  return text
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw badPassphrase('the passphrase is not UTF-8')
  }
}

function badPassphrase(got: string): PkiError {
  return new PkiError('ERR_PKCS12_PASSPHRASE', {
    tried: 'encrypting a PKCS#12 file',
    got,
    todo: `Use a passphrase of 1 to ${MAX_PASSPHRASE} bytes.`,
  })
}

/** EncryptedData of the certificates, since they contain names and addresses (RFC 5652 section 8). */
async function encryptedSafe(contents: Asn1, passphrase: string): Promise<Asn1> {
  const { algorithm, data } = await encrypt(encode(contents), passphrase)
  return contentInfo(sequence(integer(0), sequence(oid(DATA), algorithm, implicit(0, data))), ENCRYPTED_DATA)
}

async function keyBag(key: KeyObject, own: readonly Asn1[], passphrase: string): Promise<Asn1> {
  const { algorithm, data } = await encrypt(key.export({ type: 'pkcs8', format: 'der' }), passphrase)
  return sequence(oid(SHROUDED_KEY_BAG), explicit(0, sequence(algorithm, octetString(data))), setOf(...own))
}

function certBag(certificate: X509Certificate, own: readonly Asn1[]): Asn1 {
  const value = sequence(oid(X509_CERTIFICATE), explicit(0, octetString(certificate.raw)))
  return sequence(oid(CERT_BAG), explicit(0, value), ...(own.length === 0 ? [] : [setOf(...own)]))
}

function attributes(id: Buffer, name: string | undefined): Asn1[] {
  return [
    sequence(oid(LOCAL_KEY_ID), setOf(octetString(id))),
    ...(name === undefined ? [] : [sequence(oid(FRIENDLY_NAME), setOf(bmpString(name)))]),
  ]
}

function contentInfo(content: Asn1, type: string = DATA): Asn1 {
  return sequence(oid(type), explicit(0, content))
}

function openCertificates(pem: string | Uint8Array, what: string): [X509Certificate, ...X509Certificate[]] {
  checkBytes(pem, what)
  try {
    const text = typeof pem === 'string' ? pem : new TextDecoder().decode(pem)
    const [first, ...others] = certificatesIn(text, what)
    if (first === undefined) throw invalid(what, 'it contains no certificate')
    return [first, ...others]
  } catch (cause) {
    if (!isDockerMtlsError(cause) || cause instanceof PkiError) throw cause
    throw invalid(what, cause.got)
  }
}

function openKey(pem: string | Uint8Array): KeyObject {
  checkBytes(pem, 'the key')
  if (isEncryptedKey(pem)) throw invalid('the key', 'it is encrypted')
  try {
    return createPrivateKey(Buffer.from(pem))
  } catch {
    // OpenSSL's own words could repeat what it was given.
    throw invalid('the key', 'it is not a private key in PEM')
  }
}

function invalid(what: string, got: string): PkiError {
  return new PkiError('ERR_CERTIFICATE_INVALID', {
    tried: `reading ${what} for a PKCS#12 file`,
    got,
    todo: 'Use the ca.pem, cert.pem and key.pem that were created together.',
  })
}
