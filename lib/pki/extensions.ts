import { addressBytes } from './address.ts'
import { bitString, booleanTrue, encode, implicit, integer, octetString, oid, sequence, type Asn1 } from './der.ts'
import type { PublicKey } from './key-type.ts'
import type { ServerName } from './server-name.ts'

/** The extensions that we write or read, by RFC 5280 section 4.2. */
export const EXTENSION = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyIdentifier: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
} as const

/** A permitted use of a key, as RFC 5280 section 4.2.1.3 names it. */
export type KeyUsage =
  | 'digitalSignature'
  | 'nonRepudiation'
  | 'keyEncipherment'
  | 'dataEncipherment'
  | 'keyAgreement'
  | 'keyCertSign'
  | 'cRLSign'
  | 'encipherOnly'
  | 'decipherOnly'

/** In the order of their bits. */
export const KEY_USAGES: readonly KeyUsage[] = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
]

/** Extended key usages (RFC 5280 section 4.2.1.12). */
export const PURPOSES = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' } as const

/** The one purpose of a leaf. A server certificate with both would be accepted as a client certificate. */
export type Purpose = keyof typeof PURPOSES

/** For a CA that signs leaves and nothing else: no further CA below it. */
export function caExtensions({ id }: PublicKey): Asn1[] {
  return [
    critical(EXTENSION.basicConstraints, sequence(booleanTrue(), integer(0))),
    critical(EXTENSION.keyUsage, usageBits('keyCertSign', 'cRLSign')),
    plain(EXTENSION.subjectKeyIdentifier, octetString(id)),
  ]
}

/** For a leaf: no CA, one purpose, and for a server its names. */
export function leafExtensions(
  { publicKey, id }: PublicKey,
  authorityKeyId: Uint8Array,
  purpose: Purpose,
  names: readonly ServerName[],
): Asn1[] {
  // Only RSA can encrypt a key to the server, as TLS 1.2 without ECDHE does (RFC 5246 section 7.4.2).
  const rsa = publicKey.asymmetricKeyType === 'rsa'
  return [
    // cA is FALSE by default, and DER leaves defaults out.
    critical(EXTENSION.basicConstraints, sequence()),
    critical(
      EXTENSION.keyUsage,
      rsa ? usageBits('digitalSignature', 'keyEncipherment') : usageBits('digitalSignature'),
    ),
    plain(EXTENSION.extKeyUsage, sequence(oid(PURPOSES[purpose]))),
    plain(EXTENSION.subjectKeyIdentifier, octetString(id)),
    plain(EXTENSION.authorityKeyIdentifier, sequence(implicit(0, authorityKeyId))),
    ...(names.length === 0 ? [] : [plain(EXTENSION.subjectAltName, sequence(...names.map(generalName)))]),
  ]
}

/** A named bit list ends with its last 1 (X.690 section 11.2.2). */
export function usageBits(...usages: readonly KeyUsage[]): Asn1 {
  const positions = usages.map((usage) => KEY_USAGES.indexOf(usage))
  const last = Math.max(...positions)
  const bytes = Buffer.alloc(Math.floor(last / 8) + 1)
  for (const position of positions) {
    const index = Math.floor(position / 8)
    bytes[index] = (bytes[index] ?? 0) | (0x80 >> (position % 8))
  }
  return bitString(bytes, 7 - (last % 8))
}

/** dNSName [2] IA5String, iPAddress [7] OCTET STRING (RFC 5280 section 4.2.1.6). */
function generalName({ kind, value }: ServerName): Asn1 {
  return kind === 'dns' ? implicit(2, Buffer.from(value, 'latin1')) : implicit(7, addressBytes(value))
}

export function plain(id: string, value: Asn1): Asn1 {
  return sequence(oid(id), octetString(encode(value)))
}

export function critical(id: string, value: Asn1): Asn1 {
  return sequence(oid(id), booleanTrue(), octetString(encode(value)))
}
