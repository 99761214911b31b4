import type { X509Certificate } from 'node:crypto'
import { children, contents, decode, readOid, isBoolean, isContext, isInteger, type Asn1 } from './der.ts'
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
  readonly value: Buffer
}

const NAMES: ReadonlyMap<string, string> = new Map(Object.entries(EXTENSION).map(([name, id]) => [id, name]))

/** Throws an Error if the certificate isn't DER as RFC 5280 requires; OpenSSL accepts more than that. */
export function readExtensions(certificate: X509Certificate): ExtensionFacts {
  const extensions = extensionsOf(certificate)
  const valueOf = (id: string): Asn1 | undefined => {
    const extension = extensions.get(id)
    return extension && decode(extension.value)
  }
  const keyUsage = valueOf(EXTENSION.keyUsage)
  const pathLength = children(valueOf(EXTENSION.basicConstraints)).find(isInteger)
  const subjectKeyId = valueOf(EXTENSION.subjectKeyIdentifier)
  const authorityKeyId = children(valueOf(EXTENSION.authorityKeyIdentifier)).find((part) => isContext(part, 0))
  return {
    ...(keyUsage && { keyUsage: readUsages(contents(keyUsage)) }),
    ...(pathLength && { pathLength: contents(pathLength).readUIntBE(0, contents(pathLength).length) }),
    ...(subjectKeyId && { subjectKeyId: contents(subjectKeyId).toString('hex') }),
    ...(authorityKeyId && { authorityKeyId: contents(authorityKeyId).toString('hex') }),
    criticalExtensions: [...extensions].filter(([, { critical }]) => critical).map(([id]) => NAMES.get(id) ?? id),
    nameConstraints: extensions.has(EXTENSION.nameConstraints),
  }
}

/** The subject, as it is encoded in the certificate. */
export function readSubject(certificate: X509Certificate): Asn1 | undefined {
  const fields = tbsFields(certificate)
  // An optional version, then serial number, signature, issuer, validity, subject (RFC 5280 section 4.1).
  return fields[isContext(fields[0], 0) ? 5 : 4]
}

function extensionsOf(certificate: X509Certificate): Map<string, Extension> {
  const [list] = children(tbsFields(certificate).find((field) => isContext(field, 3)))
  return new Map(
    children(list).map((extension) => {
      const [id, ...rest] = children(extension)
      return [readOid(id), { critical: isBoolean(rest[0]), value: contents(rest.at(-1)) }]
    }),
  )
}

function tbsFields(certificate: X509Certificate): Asn1[] {
  const [tbsCertificate] = children(decode(certificate.raw))
  return children(tbsCertificate)
}

/** A KeyUsage bit string, in words. */
export function readUsages(bits: Buffer): KeyUsage[] {
  // The first byte counts unused bits.
  return KEY_USAGES.filter((_, position) => {
    const byte = bits[1 + Math.floor(position / 8)] ?? 0
    return (byte & (0x80 >> (position % 8))) !== 0
  })
}
