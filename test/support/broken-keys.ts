import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { formatPem } from '../../lib/identity/pem.ts'
import { decode, oid, type Asn1 } from '../../lib/pki/der.ts'
import { caExtensions, leafExtensions } from '../../lib/pki/extensions.ts'
import { keyId, publicPart } from '../../lib/pki/key-type.ts'
import { distinguishedName, signCertificate, type Signer } from '../../lib/pki/sign.ts'

/** Bytes in hexadecimal, with spaces for people. */
export const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')

/** An element of DER with less than 64 KiB. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const inside = Buffer.concat(parts)
  const size = inside.length
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff]
  return Buffer.concat([Buffer.of(tag, ...length), inside])
}

/** A SubjectPublicKeyInfo of the algorithm in an AlgorithmIdentifier. */
export const spki = (algorithm: string, key: Uint8Array): Buffer =>
  der(0x30, hex(algorithm), der(0x03, Buffer.of(0), key))

export const ALGORITHM = {
  p224: '3010 06072a8648ce3d0201 06052b81040021',
  p256: '3013 06072a8648ce3d0201 06082a8648ce3d030107',
  p384: '3010 06072a8648ce3d0201 06052b81040022',
  p521: '3010 06072a8648ce3d0201 06052b81040023',
  secp256k1: '3010 06072a8648ce3d0201 06052b8104000a',
  brainpool: '3014 06072a8648ce3d0201 06092b2403030208010107',
  sect163k1: '3010 06072a8648ce3d0201 06052b81040001',
  ed25519: '3005 06032b6570',
  ed448: '3005 06032b6571',
  rsa: '300d 06092a864886f70d010101 0500',
} as const

/** All encodings of points of small order on the curve of Ed25519, whichever the highest bit is. */
const SMALL_25519 = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]

const FF56 = `${'ff'.repeat(28)}fe${'ff'.repeat(27)}`
const SMALL_448 = [
  '00'.repeat(56),
  `01${'00'.repeat(55)}`,
  `fe${FF56.slice(2)}`,
  FF56,
  `${'00'.repeat(28)}${'ff'.repeat(28)}`,
]

function withBothSigns(point: string, algorithm: string, name: string): [string, Buffer][] {
  const bytes = hex(point)
  const other = Buffer.from(bytes)
  other[other.length - 1] = (other.at(-1) ?? 0) | 0x80
  return [bytes, other].map((one) => [`${name} ${one.toString('hex')}`, spki(algorithm, one)])
}

/** An RSA key from its numbers. */
export const rsa = (modulus: Uint8Array, exponent: Uint8Array): Buffer =>
  spki(ALGORITHM.rsa, rsaNumbers(modulus, exponent))

const rsaNumbers = (modulus: Uint8Array, exponent: Uint8Array): Buffer =>
  der(0x30, der(0x02, modulus), der(0x02, exponent))

/** A good key, to be broken. */
export function goodKey(type: 'P-256' | 'ed25519' | 'rsa'): {
  publicKey: KeyObject
  privateKey: KeyObject
  info: Buffer
} {
  const { publicKey, privateKey } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : type === 'ed25519'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('ec', { namedCurve: type })
  return { publicKey, privateKey, info: publicKey.export({ type: 'spki', format: 'der' }) }
}

function brokenPoints(): [string, Buffer][] {
  const good = goodKey('P-256').info.subarray(-65)
  const [x, y] = [good.subarray(1, 33), good.subarray(33)]
  const off = Buffer.from(good)
  off[64] = (off[64] ?? 0) ^ 1
  const p = hex('ffffffff00000001000000000000000000000000ffffffffffffffffffffffff')
  const rows: [string, Buffer][] = [
    ['off its curve', off],
    ['compressed', Buffer.concat([Buffer.of(2 + ((y[31] ?? 0) & 1)), x])],
    ['hybrid', Buffer.concat([Buffer.of(6 + ((y[31] ?? 0) & 1)), x, y])],
    ['too short', good.subarray(0, 64)],
    ['too long', Buffer.concat([good, Buffer.of(0)])],
    ['with a coordinate of p', Buffer.concat([Buffer.of(4), p, y])],
    ['0, 0', Buffer.concat([Buffer.of(4), Buffer.alloc(64)])],
    ['no bytes at all', Buffer.alloc(0)],
  ]
  return rows.map(([name, point]) => [`a P-256 point ${name}`, spki(ALGORITHM.p256, point)])
}

const { p224, p256, p384, p521, secp256k1, brainpool, sect163k1 } = ALGORITHM
/** Without a factor below 752. */
const MODULUS = Buffer.concat([Buffer.of(0, 0xc1), Buffer.alloc(254, 0x5a), Buffer.of(0x0d)])
const E = hex('010001')

/** Public keys that are none, or with which anybody could sign. */
export const BROKEN_KEYS: Readonly<Record<string, Buffer>> = Object.fromEntries([
  ...Object.entries({ p224, p256, p384, p521, secp256k1, brainpool, sect163k1 }).map(
    ([name, algorithm]) => [`the point at infinity of ${name}`, spki(algorithm, Buffer.of(0))] as const,
  ),
  ...brokenPoints(),
  ...SMALL_25519.flatMap((point) => withBothSigns(point, ALGORITHM.ed25519, 'Ed25519')),
  ...SMALL_448.flatMap((point) => withBothSigns(`${point}00`, ALGORITHM.ed448, 'Ed448')),
  ['a short Ed25519 key', spki(ALGORITHM.ed25519, Buffer.alloc(31, 7))],
  ['the RSA exponent 1', rsa(MODULUS, Buffer.of(1))],
  ['the RSA exponent 1 by the identifier of X.509', spki('3008 060455080101 0500', rsaNumbers(MODULUS, Buffer.of(1)))],
  ['the RSA exponent 2', rsa(MODULUS, Buffer.of(2))],
  ['a negative RSA exponent', rsa(MODULUS, Buffer.of(0xff))],
  ['an RSA exponent of more than 31 bits', rsa(MODULUS, hex('0100000001'))],
  ['an even RSA modulus', rsa(Buffer.concat([MODULUS.subarray(0, -1), Buffer.of(2)]), E)],
  ['a negative RSA modulus', rsa(MODULUS.subarray(1), E)],
  ['an RSA modulus of 0', rsa(Buffer.of(0), E)],
  ['an RSA modulus with a small factor', rsa(der(0, Buffer.alloc(256, 0x01)).subarray(4), E)],
  ['no key at all', hex('3000')],
])

export const INFINITY: Buffer = BROKEN_KEYS['the point at infinity of p256'] as Buffer
export const SMALL_ORDER: Buffer = spki(ALGORITHM.ed25519, hex(SMALL_25519[1] ?? ''))

/** The private key 0 of P-256, whose public one is the point at infinity: with it, OpenSSL signs, and verifies what it has signed. */
export const ZERO_KEY: string = formatPem(
  'PRIVATE KEY',
  der(0x30, hex('020100'), hex(p256), der(0x04, der(0x30, hex('020101'), der(0x04, Buffer.alloc(32))))),
)

/** The same with the public key in it, which makes Node 20 and 22 abort, too. */
export const ZERO_KEY_WITH_PUBLIC: string = formatPem(
  'PRIVATE KEY',
  der(
    0x30,
    hex('020100'),
    hex(p256),
    der(0x04, der(0x30, hex('020101'), der(0x04, Buffer.alloc(32)), der(0xa1, hex('03020000')))),
  ),
)

/** An object identifier that somebody made of a UUID (ITU-T X.667): its last number has more bits than a safe integer. */
export const UUID_OID: Asn1 = { ...oid('2.25.1'), value: hex(`69 ${'ff'.repeat(18)} 7f`).toString('latin1') }
export const UUID_TEXT = `2.25.${2n ** 133n - 1n}`

/** A certificate for any bytes in the place of a public key. */
export function certificateFor(
  info: Uint8Array,
  {
    signer = { name: distinguishedName('stranger'), key: goodKey('P-256').privateKey },
    purpose = 'serverAuth',
    commonName = 'localhost',
    extensions = [],
  }: {
    readonly signer?: Signer
    readonly purpose?: 'serverAuth' | 'clientAuth' | 'ca'
    readonly commonName?: string
    readonly extensions?: readonly Asn1[]
  } = {},
): string {
  const good = publicPart(goodKey('P-256').publicKey)
  const names = purpose === 'serverAuth' ? [{ kind: 'dns' as const, value: 'localhost', given: 'localhost' }] : []
  const blueprint = {
    subject: distinguishedName(commonName),
    keys: { ...good, info: decode(info) },
    period: { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 86_400_000) },
    extensions: [
      ...(purpose === 'ca'
        ? caExtensions(good)
        : leafExtensions(good, keyId(createPublicKey(signer.key)), purpose, names)),
      ...extensions,
    ],
  }
  return formatPem('CERTIFICATE', signCertificate(blueprint, signer).raw)
}
