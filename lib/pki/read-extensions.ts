import type { X509Certificate } from 'node:crypto'
import { readElements, readOid, readWhole, TAG, type DerElement } from '../identity/der.ts'
import { children, decode, isContext, type Asn1 } from './der.ts'
import { EXTENSION, KEY_USAGES, type KeyUsage } from './extensions.ts'

/** Extensions of a certificate that node:crypto doesn't show. */
export interface ExtensionFacts {
  /** Permitted uses of the key. Absent: any use. */
  readonly keyUsage?: readonly KeyUsage[]
  /** The permitted number of CAs between this one and a leaf. Absent: any number. */
  readonly pathLength?: number
  /** The id of its own key, in hexadecimal. */
  readonly subjectKeyId?: string
  /** The subject key id of the CA that signed it, in hexadecimal. */
  readonly authorityKeyId?: string
  /** The critical extensions, by their names in RFC 5280 or as OIDs. */
  readonly criticalExtensions: readonly string[]
  /** Does this CA have name constraints? */
  readonly nameConstraints: boolean
}

interface Extension {
  readonly critical: boolean
  readonly value: Uint8Array
}

const NAMES: ReadonlyMap<string, string> = new Map(Object.entries(EXTENSION).map(([name, id]) => [id, name]))

/** Throws an Error if the certificate isn't DER as RFC 5280 requires; OpenSSL accepts more than that. */
export function readExtensions(certificate: X509Certificate): ExtensionFacts {
  const extensions = extensionsOf(certificate.raw)
  const valueOf = (id: string): DerElement | undefined => {
    const extension = extensions.get(id)
    return extension && readWhole(extension.value)
  }
  const keyUsage = valueOf(EXTENSION.keyUsage)
  const pathLength = partOf(valueOf(EXTENSION.basicConstraints), TAG.integer)
  const subjectKeyId = valueOf(EXTENSION.subjectKeyIdentifier)
  const authorityKeyId = partOf(valueOf(EXTENSION.authorityKeyIdentifier), TAG.context0String)
  return {
    ...(keyUsage && { keyUsage: readUsages(keyUsage.contents) }),
    ...(pathLength && { pathLength: Buffer.from(pathLength.contents).readUIntBE(0, pathLength.contents.length) }),
    ...(subjectKeyId && { subjectKeyId: hex(subjectKeyId) }),
    ...(authorityKeyId && { authorityKeyId: hex(authorityKeyId) }),
    criticalExtensions: [...extensions].filter(([, { critical }]) => critical).map(([id]) => NAMES.get(id) ?? id),
    nameConstraints: extensions.has(EXTENSION.nameConstraints),
  }
}

function extensionsOf(der: Uint8Array): Map<string, Extension> {
  const [tbsCertificate] = readElements(readWhole(der).contents)
  const list = partOf(tbsCertificate, TAG.context3)
  const extensions = list === undefined ? [] : readElements(readWhole(list.contents).contents)
  return new Map(
    extensions.map((extension) => {
      const [id, ...rest] = readElements(extension.contents)
      const value = rest.at(-1)
      if (id?.tag !== TAG.oid || value?.tag !== TAG.octetString)
        throw new RangeError('not DER: an extension has no value')
      return [readOid(id.contents), { critical: rest[0]?.tag === TAG.boolean, value: value.contents }]
    }),
  )
}

/** The first element with this tag in a constructed one. */
function partOf(element: DerElement | undefined, tag: number): DerElement | undefined {
  return element && readElements(element.contents).find((part) => part.tag === tag)
}

function hex({ contents }: DerElement): string {
  return Buffer.from(contents).toString('hex')
}

/** The subject, as it is encoded in the certificate. */
export function readSubject(certificate: X509Certificate): Asn1 | undefined {
  const [tbsCertificate] = children(decode(certificate.raw))
  const fields = children(tbsCertificate)
  // An optional version, then serial number, signature, issuer, validity, subject (RFC 5280 section 4.1).
  return fields[isContext(fields[0], 0) ? 5 : 4]
}

/** A KeyUsage bit string, in words. */
export function readUsages(bits: Uint8Array): KeyUsage[] {
  // The first byte counts unused bits.
  return KEY_USAGES.filter((_, position) => {
    const byte = bits[1 + Math.floor(position / 8)] ?? 0
    return (byte & (0x80 >> (position % 8))) !== 0
  })
}
