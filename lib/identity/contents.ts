import type { X509Certificate } from 'node:crypto'
import type { IdentityError } from '../base/errors.ts'
import { option, sentence } from '../base/sentence.ts'
import { enumerate } from '../base/text.ts'
import { openCertificate } from './certificate.ts'
import type { Source } from './credentials.ts'
import { notPem, readPem, type PemBlock } from './pem.ts'

/** The labels of the private keys that node:crypto reads (RFC 7468 sections 10 and 11; OpenSSL's older ones). */
const KEY_LABEL = /^(?:(?:RSA |EC |DSA )?PRIVATE KEY|ENCRYPTED PRIVATE KEY)$/

/** The names of other PEM blocks. */
const KINDS: Readonly<Record<string, string>> = {
  CERTIFICATE: 'a certificate',
  'CERTIFICATE REQUEST': 'a certificate request, which no CA has signed yet',
  'NEW CERTIFICATE REQUEST': 'a certificate request, which no CA has signed yet',
  'TRUSTED CERTIFICATE': "a certificate in OpenSSL's own form (BEGIN TRUSTED CERTIFICATE)",
  'X509 CRL': 'a certificate revocation list',
  'PUBLIC KEY': 'a public key',
  'OPENSSH PRIVATE KEY': 'an OpenSSH key',
  PKCS7: 'a PKCS#7 bundle',
}

/** All certificates of a part, in their order. If there are none, the error says what it contains instead. */
export function readCertificates(source: Source): X509Certificate[] {
  const blocks = readPem(source.text, source.name).filter(({ label }) => label === 'CERTIFICATE')
  if (blocks.length === 0) throw wrongContents(source, 'a certificate')
  return blocks.map(({ text }, index) => openCertificate(text, nameOf(source.name, index, blocks.length)))
}

/** Refuses a certificate and a key of which each is in the place of the other. */
export function refuseSwapped(cert: Source, key: Source): void {
  if (holdsCertificate(cert) || !holdsPrivateKey(cert) || holdsPrivateKey(key) || !holdsCertificate(key)) return
  const both = `${cert.name} and ${key.name}`
  throw notPem(both, 'the first holds a private key, and the second a certificate', 'Swap the two.')
}

function holdsCertificate({ text, name }: Source): boolean {
  return readPem(text, name).some(({ label }) => label === 'CERTIFICATE')
}

/** How errors name one of the certificates in a part. */
export function nameOf(part: string, index: number, count: number): string {
  return count === 1 ? part : `certificate ${index + 1} of ${part}`
}

/** All private keys of a part. If there are none, the error says what it contains instead. */
export function readPrivateKeys(source: Source): PemBlock[] {
  const blocks = readPem(source.text, source.name).filter(({ label }) => KEY_LABEL.test(label))
  if (blocks.length === 0) throw wrongContents(source, 'a private key')
  return blocks
}

/** Is there a private key in a part that should have none? */
export function holdsPrivateKey({ text, name }: Source): boolean {
  return readPem(text, name).some(({ label }) => KEY_LABEL.test(label))
}

function wrongContents({ name, text, isValue = false }: Source, wanted: string): IdentityError {
  const labels = [...new Set(readPem(text, name).map(({ label }) => label))]
  const got = labels.length === 0 ? noBlock(text) : `it holds ${enumerate(labels.map(kindOf))}`
  // A file may contain a path, too, if a version control system or an unpacker wrote a link as text.
  const isPathAsValue = labels.length === 0 && isPath(text) && isValue
  return notPem(name, `${got}, where ${wanted} should be`, isPathAsValue ? READ_FIRST : undefined)
}

const READ_FIRST = sentence`Pass the text of the file instead of its path, or pass its folder as ${option('certPath')}.`

/** Base64 of PEM or DER, as a variable of a CI service may hold it, has slashes as well. */
const BASE64 = /^(?:LS0t|MI)[A-Za-z0-9+/=]{60,}$/

function isPath(text: string): boolean {
  if (BASE64.test(text.trim())) return false
  return /^[^\r\n]{1,4096}$/.test(text.trim()) && /[\\/]|\.(?:pem|crt|cer|key)$/i.test(text.trim())
}

function kindOf(label: string): string {
  return KEY_LABEL.test(label) ? 'a private key' : (KINDS[label] ?? `a block ${label}`)
}

function noBlock(text: string): string {
  if (text.trim() === '') return 'it is empty'
  if (text.includes('-----BEGIN ')) return 'it is PEM without its line breaks'
  // DER and PKCS#12 begin with a SEQUENCE, "0", and bytes that are no text.
  if (/^0[^\t\r\n -~]/.test(text)) return 'it is binary (DER or PKCS#12), not PEM'
  if (isPath(text)) return 'it is a path, not the PEM text itself'
  return 'it is not PEM: it has no BEGIN line'
}
