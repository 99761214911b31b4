/** A curve y² = x³ + ax + b over the integers modulo p, without points of small order. */
interface Curve {
  /** NIST's name if Go, and so dockerd, accepts the curve (crypto/ecdsa); otherwise OpenSSL's. */
  readonly name: string
  /** The length of a coordinate. */
  readonly bytes: number
  /** Undefined: OpenSSL checks whether a point is on the curve. */
  readonly equation?: { readonly p: bigint; readonly a: bigint; readonly b: bigint }
}

function curve(name: string, bytes: number, p: bigint, b: bigint, a: bigint = -3n): Curve {
  return { name, bytes, equation: { p, a, b } }
}

/** SEC 2 version 2.0 section 2, and RFC 5639 section 3. By object identifier. */
const CURVES: ReadonlyMap<string, Curve> = new Map([
  [
    '1.2.840.10045.3.1.7',
    curve(
      'P-256',
      32,
      2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
      0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
    ),
  ],
  [
    '1.3.132.0.34',
    curve(
      'P-384',
      48,
      2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
      0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
    ),
  ],
  [
    '1.3.132.0.35',
    curve(
      'P-521',
      66,
      2n ** 521n - 1n,
      0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
    ),
  ],
  [
    '1.3.132.0.33',
    curve('secp224r1', 28, 2n ** 224n - 2n ** 96n + 1n, 0xb4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4n),
  ],
  ['1.3.132.0.10', curve('secp256k1', 32, 2n ** 256n - 2n ** 32n - 977n, 7n, 0n)],
  ['1.3.36.3.3.2.8.1.1.7', { name: 'brainpoolP256r1', bytes: 32 }],
  ['1.3.36.3.3.2.8.1.1.11', { name: 'brainpoolP384r1', bytes: 48 }],
  ['1.3.36.3.3.2.8.1.1.13', { name: 'brainpoolP512r1', bytes: 64 }],
])

/** Is it a curve that we know, by the name of {@link curveName}? */
export function isKnownCurve(name: string | undefined): boolean {
  return [...CURVES.values()].some((known) => known.name === name)
}

/** NIST's or OpenSSL's name of a curve; the object identifier of one that we don't know. */
export function curveName(oid: string): string {
  return CURVES.get(oid)?.name ?? oid
}

/**
 * Why these bytes are no point of a curve, uncompressed (SEC 1 section 2.3.4). Go accepts no other form, and neither does TLS 1.3 (RFC
 * 8446 section 4.2.8.2). The point at infinity, one zero byte, makes Node 20 and 22 abort, and anybody can sign for it.
 */
export function curvePointFault(oid: string, point: Uint8Array): string | undefined {
  if (point.length <= 1) return 'is the point at infinity'
  const known = CURVES.get(oid)
  if (known === undefined) return undefined
  const { name, bytes, equation } = known
  if (point[0] !== 4 || point.length !== 1 + 2 * bytes) return `is not an uncompressed point of ${name}`
  if (equation === undefined) return undefined
  const { p, a, b } = equation
  const [x, y] = [bigEndian(point.subarray(1, 1 + bytes)), bigEndian(point.subarray(1 + bytes))]
  const isOn = x < p && y < p && (y * y - x * x * x - a * x - b) % p === 0n
  return isOn ? undefined : `is not a point on ${name}`
}

/** An Edwards curve whose points are encoded by y, and the sign of x in the highest bit (RFC 8032 sections 5.1.2 and 5.2.2). */
interface Edwards {
  readonly bytes: number
  readonly p: bigint
  /** The y of all points whose order is at most the cofactor. */
  readonly small: readonly bigint[]
}

const P25519 = 2n ** 255n - 19n
const P448 = 2n ** 448n - 2n ** 224n - 1n
/** A y of the points of order 8. The other one is its negative. */
const ORDER_8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n

const EDWARDS: Readonly<Record<'ed25519' | 'ed448', Edwards>> = {
  ed25519: { bytes: 32, p: P25519, small: [0n, 1n, P25519 - 1n, ORDER_8, P25519 - ORDER_8] },
  ed448: { bytes: 57, p: P448, small: [0n, 1n, P448 - 1n] },
}

/**
 * Why nobody should accept such a key of EdDSA. OpenSSL and Go verify signatures by a point of small order that anybody can make. They also
 * accept a y of p or more, of which some are other encodings of these points.
 */
export function edwardsFault(type: keyof typeof EDWARDS, point: Uint8Array): string | undefined {
  const { bytes, p, small } = EDWARDS[type]
  if (point.length !== bytes) return `has ${point.length} bytes, not ${bytes}`
  const encoded = bigEndian(point.toReversed())
  const y = BigInt.asUintN(bytes * 8 - 1, encoded)
  if (y >= p) return 'is not encoded as RFC 8032 requires'
  return small.includes(y) ? 'has a small order: anybody can sign with it' : undefined
}

/** A number whose highest byte comes first. */
export function bigEndian(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}
