import { X509Certificate } from 'node:crypto'
import { readCertificate } from '../identity/certificate.ts'
import { readElement, TAG } from '../identity/der.ts'

/** A distinguished name: the subject or the issuer of a certificate (RFC 5280 section 4.1.2.4). */
export interface DistinguishedName {
  /** As {@link CertificateFacts} writes it: `O=Example, CN=Example CA`. */
  readonly name: string
  /** Its DER, which TLS compares. */
  readonly der: Uint8Array
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

/**
 * The rest of a certificate around a subject: serial number 1, ECDSA with SHA-256, no issuer, a day in 2000, and as the key
 * P-256's base point. Nothing is ever verified with it.
 */
const BEFORE_SUBJECT = hex(
  '020101 300a06082a8648ce3d040302 3000 301e 170d3030303130313030303030305a 170d3030303130323030303030305a',
)
const KEY = hex(
  `3059 301306072a8648ce3d020106082a8648ce3d030107 034200
   04 6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296
      4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5`.replaceAll('\n', ''),
)
const AFTER_TBS = hex('300a06082a8648ce3d040302 030100')

/** A SEQUENCE with a length of two bytes, which BER allows for any that fits. */
function sequence(...parts: readonly Uint8Array[]): Buffer {
  const contents = Buffer.concat(parts)
  const head = Buffer.from([TAG.sequence, 0x83, 0, 0, 0])
  head.writeUIntBE(contents.length, 2, 3)
  return Buffer.concat([head, contents])
}

/**
 * Reads a distinguished name that a server has sent. It puts the name into a certificate and uses our one reader of
 * certificates, so that the text is exactly that of a certificate's subject.
 */
export function readDistinguishedName(bytes: Uint8Array): DistinguishedName {
  const der = Uint8Array.from(bytes)
  return { name: formatName(der) ?? `not a name: ${Buffer.from(der.subarray(0, 32)).toString('hex')}`, der }
}

function formatName(der: Uint8Array): string | undefined {
  try {
    const { tag, rest } = readElement(der)
    if (tag !== TAG.sequence || rest.length > 0) return undefined
    return readCertificate(new X509Certificate(sequence(sequence(BEFORE_SUBJECT, der, KEY), AFTER_TBS))).subject
  } catch {
    return undefined
  }
}

/**
 * The DER of a certificate's subject, with its tag; node:crypto shows only a text. The fields are an optional version, then
 * serial number, signature, issuer, validity, and the subject (RFC 5280 section 4.1).
 */
export function subjectOf(certificate: Uint8Array): Uint8Array {
  const tbs = readElement(readElement(certificate).contents).contents
  let rest = tbs
  for (let skip = readElement(tbs).tag === TAG.context0 ? 5 : 4; skip > 0; skip--) rest = readElement(rest).rest
  return rest.subarray(0, rest.length - readElement(rest).rest.length)
}
