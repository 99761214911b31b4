import { generateKeyPairSync, type KeyObject, type X509Certificate } from 'node:crypto'
import { booleanTrue, decode, encode, octetString, oid, sequence, type Asn1 } from '../../../lib/pki/der.ts'
import { EXTENSION, usageBits, type KeyUsage } from '../../../lib/pki/extensions.ts'
import { generateKeys, type KeyPair } from '../../../lib/pki/key-type.ts'
import { distinguishedName, signCertificate } from '../../../lib/pki/sign.ts'

/** What can be odd about a certificate; absent is absent in the certificate too. */
export interface Oddity {
  /** Instead of a name with the common name alone. */
  readonly subject?: Asn1
  readonly commonName?: string
  readonly notBefore?: Date
  readonly notAfter?: Date
  readonly ca?: boolean
  readonly keyUsage?: readonly KeyUsage[]
  readonly purposes?: readonly string[]
  readonly dnsName?: string
  readonly extensions?: readonly Asn1[]
  readonly keys?: KeyPair
  readonly issuer?: OddCertificate
}

export interface OddCertificate {
  readonly x509: X509Certificate
  readonly pem: string
  readonly key: string
  readonly name: Asn1
  readonly keys: KeyPair
}

const DAY = 86_400_000

export function extension(id: string, value: Asn1, critical = false): Asn1 {
  return sequence(oid(id), ...(critical ? [booleanTrue()] : []), octetString(encode(value)))
}

/** A certificate that our own functions wouldn't make. It signs itself where it has no issuer. */
export async function odd(oddity: Oddity = {}): Promise<OddCertificate> {
  const keys = oddity.keys ?? (await generateKeys('p256'))
  const name = oddity.subject ?? distinguishedName(oddity.commonName ?? 'odd')
  const x509 = signCertificate(
    {
      subject: name,
      keys,
      period: {
        notBefore: oddity.notBefore ?? new Date(Date.now() - DAY),
        notAfter: oddity.notAfter ?? new Date(Date.now() + DAY),
      },
      extensions: extensionsOf(oddity),
    },
    { name: oddity.issuer?.name ?? name, key: (oddity.issuer?.keys ?? keys).privateKey },
  )
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { x509, pem: x509.toString(), key, name, keys }
}

/** Keys that no key type of ours has. */
export function smallRsaKeys(): KeyPair {
  return pairOf(generateKeyPairSync('rsa', { modulusLength: 1024 }))
}

export function pairOf({ publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }): KeyPair {
  const info = decode(publicKey.export({ type: 'spki', format: 'der' }))
  return { publicKey, privateKey, info, id: Buffer.alloc(20, 1) }
}

function extensionsOf({ ca, keyUsage, purposes, dnsName, extensions = [] }: Oddity): Asn1[] {
  const name = dnsName === undefined ? undefined : Buffer.from(dnsName)
  return [
    ...(ca === true ? [extension(EXTENSION.basicConstraints, sequence(booleanTrue()), true)] : []),
    ...(keyUsage === undefined ? [] : [extension(EXTENSION.keyUsage, usageBits(...keyUsage), true)]),
    ...(purposes === undefined ? [] : [extension(EXTENSION.extKeyUsage, sequence(...purposes.map(oid)))]),
    ...(name === undefined ? [] : [extension(EXTENSION.subjectAltName, decode(generalNames(name)))]),
    ...extensions,
  ]
}

function generalNames(name: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x30, name.length + 2, 0x82, name.length]), name])
}
