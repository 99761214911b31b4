import { readElement, readElements, readExactText, readOid, readText, TAG, type DerElement } from './der.ts'

/** The algorithms that certificates are signed with (RFC 8017, RFC 5758, RFC 8410), by the names of their RFCs. */
const SIGNATURES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'md5WithRSAEncryption',
  '1.2.840.113549.1.1.5': 'sha1WithRSAEncryption',
  '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption',
  '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption',
  '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption',
  '1.2.840.113549.1.1.14': 'sha224WithRSAEncryption',
  '1.2.840.10045.4.1': 'ecdsa-with-SHA1',
  '1.2.840.10045.4.3.1': 'ecdsa-with-SHA224',
  '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256',
  '1.2.840.10045.4.3.3': 'ecdsa-with-SHA384',
  '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512',
  '1.3.101.112': 'Ed25519',
  '1.3.101.113': 'Ed448',
}

/** Attributes of a name (RFC 5280 appendix A.1). */
const ATTRIBUTE = { commonName: '2.5.4.3', organizationalUnit: '2.5.4.11' } as const

const RSASSA_PSS = '1.2.840.113549.1.1.10'

const HASHES: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.1': 'SHA256',
  '2.16.840.1.101.3.4.2.2': 'SHA384',
  '2.16.840.1.101.3.4.2.3': 'SHA512',
}

/**
 * The signature algorithm of a certificate, from its DER: node:crypto shows it only since Node 24.
 * Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue } (RFC 5280 section 4.1).
 */
export function signatureAlgorithm(der: Uint8Array): string {
  const [, algorithm] = readElements(readElement(der).contents)
  const { oid, parameters } = algorithmIdentifier(algorithm)
  if (oid === RSASSA_PSS) return `RSASSA-PSS-${pssHash(parameters)}`
  return SIGNATURES[oid] ?? oid
}

/** The public key of a certificate: its SubjectPublicKeyInfo, for `public-key.ts`. */
export function publicKeyInfo(der: Uint8Array): Uint8Array {
  return fieldsOf(der).key
}

/**
 * The last common name of the subject, which Go uses (crypto/x509/pkix, FillFromRDNSequence). Not by `toLegacyObject()` of
 * node:crypto: on Node 20, if that is called before anything loads node:tls, the module has no `createSecureContext` for
 * the rest of the process.
 */
export function commonName(der: Uint8Array): string | undefined {
  const last = subjectAttributes(der, 'commonName').at(-1)
  return last === undefined ? undefined : readText(last)
}

/**
 * All values of an attribute of the subject, in their order. Not from the text that node:crypto makes of a subject, in which a
 * value may look like another attribute. A value on which readers don't agree is undefined.
 */
export function exactAttributes(der: Uint8Array, attribute: keyof typeof ATTRIBUTE): (string | undefined)[] {
  return subjectAttributes(der, attribute).map((value) => value && readExactText(value))
}

/** Name ::= SEQUENCE OF SET OF SEQUENCE { type, value } (RFC 5280 section 4.1.2.4). */
function subjectAttributes(der: Uint8Array, attribute: keyof typeof ATTRIBUTE): (DerElement | undefined)[] {
  const attributes = readElements(fieldsOf(der).subject).flatMap(({ contents }) => readElements(contents))
  return attributes
    .map(({ contents }) => readElements(contents))
    .filter(([type]) => type !== undefined && readOid(type.contents) === ATTRIBUTE[attribute])
    .map(([, value]) => value)
}

/** The subject of a certificate, as the bytes in its SEQUENCE, to be compared with the issuer of a revocation list. */
export function subjectBytes(der: Uint8Array): Uint8Array {
  return fieldsOf(der).subject
}

/** The serial number of a certificate, as the contents of its INTEGER. */
export function serialContents(der: Uint8Array): Uint8Array {
  const { serial } = fieldsOf(der)
  if (serial?.tag !== TAG.integer) throw new RangeError('not DER: a serial number is missing')
  return serial.contents
}

/** Extensions of a certificate (RFC 5280 section 4.2.1). */
const EXTENSION = {
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
} as const

/**
 * The OIDs of the extended key usage (RFC 5280 section 4.2.1.12); undefined without such an extension. Not by `keyUsage` or
 * `toLegacyObject()` of node:crypto, nor by `getPeerCertificate()` of node:tls: if OpenSSL can't write one of the OIDs as text,
 * they end the process with a segmentation fault (Node 20.20), and in Deno 2.9 `keyUsage` is another extension.
 */
export function extendedKeyUsage(der: Uint8Array): string[] | undefined {
  const usage = extensionOf(der, EXTENSION.extendedKeyUsage)
  return usage && readElements(usage.contents).map(({ contents }) => readOid(contents))
}

/** The names of a certificate, as their bytes (RFC 5280 section 4.2.1.6). */
export interface AlternativeNames {
  readonly dns: readonly Uint8Array[]
  readonly uri: readonly Uint8Array[]
  readonly ip: readonly Uint8Array[]
}

/** The subject alternative names. Each runtime writes them as text of its own. */
export function alternativeNames(der: Uint8Array): AlternativeNames {
  const list = extensionOf(der, EXTENSION.subjectAltName)
  const names = list === undefined ? [] : readElements(list.contents)
  const tagged = (wanted: number): Uint8Array[] =>
    names.filter(({ tag }) => tag === wanted).map(({ contents }) => contents)
  return { dns: tagged(TAG.context2String), uri: tagged(TAG.context6String), ip: tagged(TAG.context7String) }
}

/**
 * May this certificate sign others? Its basic constraints must say so, and its key usage, if it has one, must allow it (RFC
 * 5280 section 4.2.1.9). The `ca` of node:crypto ignores the key usage in Deno 2.9.
 */
export function isCaCertificate(der: Uint8Array): boolean {
  const constraints = extensionOf(der, EXTENSION.basicConstraints)
  const [flag] = constraints === undefined ? [] : readElements(constraints.contents)
  if (flag?.tag !== TAG.boolean || !flag.contents.some((byte) => byte !== 0)) return false
  const usage = extensionOf(der, EXTENSION.keyUsage)
  // A BIT STRING, whose first byte counts unused bits; keyCertSign is bit 5 (section 4.2.1.3).
  return usage === undefined || (usage.tag === TAG.bitString && ((usage.contents[1] ?? 0) & 0x04) !== 0)
}

/** The value of an extension, without the OCTET STRING around it. */
export function extensionOf(der: Uint8Array, id: string): DerElement | undefined {
  const { extensions } = fieldsOf(der)
  const [found, ...others] = extensions
    .map(({ contents }) => readElements(contents))
    .filter(([type]) => type?.tag === TAG.oid && readOid(type.contents) === id)
  const value = found?.at(-1)
  if (value === undefined) return undefined
  // Readers would disagree on which of them counts (RFC 5280 section 4.2 forbids it).
  if (others.length > 0) throw new RangeError('it has an extension twice')
  if (value.tag !== TAG.octetString) throw new RangeError('not DER: an extension has no value')
  return readElement(value.contents)
}

interface CertificateFields {
  readonly serial: DerElement | undefined
  readonly subject: Uint8Array
  readonly key: Uint8Array
  readonly extensions: readonly DerElement[]
}

/** An optional version, then serial number, signature, issuer, validity, subject, key and extensions (RFC 5280 section 4.1). */
function fieldsOf(der: Uint8Array): CertificateFields {
  const fields = readElements(readElement(readElement(der).contents).contents)
  const [serial, , , , subject, key] = fields.slice(fields[0]?.tag === TAG.context0 ? 1 : 0)
  if (subject === undefined || key === undefined) throw new RangeError('not DER: fields are missing')
  const list = fields.find(({ tag }) => tag === TAG.context3)
  const extensions = list === undefined ? [] : readElements(readElement(list.contents).contents)
  return { serial, subject: subject.contents, key: key.bytes, extensions }
}

function algorithmIdentifier(element: DerElement | undefined): { oid: string; parameters?: DerElement | undefined } {
  const [oid, parameters] = readElements(element?.contents ?? new Uint8Array())
  if (oid?.tag !== TAG.oid) throw new RangeError('not DER: an algorithm has no name')
  return { oid: readOid(oid.contents), parameters }
}

/** Absent, its hash is SHA-1 (RFC 8017 appendix A.2.3). */
function pssHash(parameters: DerElement | undefined): string {
  if (parameters?.tag !== TAG.sequence) return 'SHA1'
  const hash = readElements(parameters.contents).find(({ tag }) => tag === TAG.context0)
  if (hash === undefined) return 'SHA1'
  const { oid } = algorithmIdentifier(readElement(hash.contents))
  return HASHES[oid] ?? oid
}
