import { createPublicKey, type KeyObject } from 'node:crypto'
import { bigEndian, curveName, curvePointFault, edwardsFault, isKnownCurve } from './curve-points.ts'
import { readElements, readOid, readWhole, TAG, type DerElement } from './der.ts'

/** A public key. */
export interface KeyFacts {
  /** `rsa`, `ec`, `ed25519`, ... as in node:crypto; the OID of another type. */
  readonly type: string
  /** The size of an RSA key. */
  readonly bits?: number
  /**
   * `P-256`, `P-384`, `P-521`, or OpenSSL's name of another curve; the OID of one that docker-mtls doesn't know. Absent for a curve given by
   * its parameters.
   */
  readonly curve?: string
}

/** RFC 8017 appendix A.1, X.509 (2.5.8.1.1, as OpenSSL reads RSA keys, too), RFC 5480 section 2, RFC 8410 section 3, RFC 3279 section 2.3. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.1', 'rsa'],
  ['2.5.8.1.1', 'rsa'],
  ['1.2.840.113549.1.1.10', 'rsa-pss'],
  ['1.2.840.10045.2.1', 'ec'],
  ['1.3.101.110', 'x25519'],
  ['1.3.101.111', 'x448'],
  ['1.3.101.112', 'ed25519'],
  ['1.3.101.113', 'ed448'],
  ['1.2.840.10040.4.1', 'dsa'],
])

/**
 * Reads a SubjectPublicKeyInfo (RFC 5280 section 4.1), from its bytes alone.
 *
 * @throws RangeError if it is no key, or one with which anybody could sign
 */
export function readPublicKey(info: Uint8Array): KeyFacts {
  const { type, parameters, bits } = partsOf(info)
  if (type === 'rsa' || type === 'rsa-pss') return { type, bits: readRsa(bits) }
  if (type === 'ec') return readEc(parameters, bits)
  const fault = type === 'ed25519' || type === 'ed448' ? edwardsFault(type, bits) : undefined
  if (fault !== undefined) throw new RangeError(`its ${type} key ${fault}`)
  return { type }
}

/** The types that can sign, beside `ec`. */
const SIGNING: ReadonlySet<string> = new Set(['rsa', 'rsa-pss', 'ed25519', 'ed448'])

/**
 * Reads the key of somebody who proves with a signature who they are.
 *
 * @throws RangeError as {@link readPublicKey}, and if docker-mtls knows no signatures of its type: nobody has checked its contents
 */
export function readSigningKey(info: Uint8Array): KeyFacts {
  const facts = readPublicKey(info)
  const fault = signingFault(facts)
  if (fault === undefined) return facts
  throw new RangeError(`its key ${fault}`)
}

/** Why docker-mtls believes no signatures of such a key. */
export function signingFault({ type, curve }: KeyFacts): string | undefined {
  if (SIGNING.has(type) || isKnownCurve(curve)) return undefined
  if (type !== 'ec') return `is of the type ${type}, which docker-mtls does not use`
  return curve === undefined ? 'has an unnamed curve' : `is on the curve ${curve}, which docker-mtls does not use`
}

/**
 * The only door for foreign public keys to OpenSSL and Node.js. Node 20 and 22 abort in `asymmetricKeyDetails` and in the export as JWK for
 * some keys that OpenSSL reads, so nothing uses these two: {@link keyFactsOf} has the facts.
 *
 * @param info - SubjectPublicKeyInfo
 * @throws an Error if {@link readSigningKey} or OpenSSL refuses it
 */
export function openPublicKey(info: Uint8Array): KeyObject {
  readSigningKey(info)
  return createPublicKey({ key: Buffer.from(info), format: 'der', type: 'spki' })
}

/**
 * The public half of a private key, which may come from a foreign file.
 *
 * @throws an Error if {@link openPublicKey} refuses it
 */
export function publicHalf(key: KeyObject): KeyObject {
  return openPublicKey(encode(createPublicKey(key)))
}

/**
 * The facts of a key of node:crypto, public or private.
 *
 * @throws an Error if {@link readPublicKey} refuses it
 */
export function keyFactsOf(key: KeyObject): KeyFacts {
  return readPublicKey(encode(key.type === 'private' ? createPublicKey(key) : key))
}

/** The modulus of an RSA key. */
export function modulusOf(key: KeyObject): bigint | undefined {
  const { type, bits } = partsOf(encode(key))
  if (type !== 'rsa' && type !== 'rsa-pss') return undefined
  const [modulus] = readElements(expect(readWhole(bits), TAG.sequence))
  return bigEndian(expect(modulus, TAG.integer))
}

/** Are they the same? For keys of different types, node:crypto's `equals` leaves an error behind, by which Node ends the next TLS connection. */
export function isSameKey(one: KeyObject, other: KeyObject): boolean {
  return encode(one).equals(encode(other))
}

function encode(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' })
}

interface Parts {
  readonly type: string
  readonly parameters: DerElement | undefined
  /** The contents of the BIT STRING. */
  readonly bits: Uint8Array
}

/** `SEQUENCE { SEQUENCE { algorithm OID, parameters ANY OPTIONAL }, BIT STRING }`. */
function partsOf(info: Uint8Array): Parts {
  const [algorithm, key, ...more] = readElements(expect(readWhole(info), TAG.sequence))
  const [oid, parameters, ...others] = readElements(expect(algorithm, TAG.sequence))
  const id = readOid(expect(oid, TAG.oid))
  const bits = expect(key, TAG.bitString)
  // The first byte counts unused bits.
  if (bits[0] !== 0 || more.length + others.length > 0) throw new RangeError(NOT_ENCODED)
  return { type: TYPES.get(id) ?? id, parameters, bits: bits.subarray(1) }
}

/** Go accepts only named curves (RFC 5480 section 2.1.1). */
function readEc(parameters: DerElement | undefined, point: Uint8Array): KeyFacts {
  if (parameters?.tag !== TAG.oid) return { type: 'ec' }
  const oid = readOid(parameters.contents)
  const fault = curvePointFault(oid, point)
  if (fault !== undefined) throw new RangeError(`its EC key ${fault}`)
  return { type: 'ec', curve: curveName(oid) }
}

/** Reads `SEQUENCE { modulus INTEGER, publicExponent INTEGER }` (RFC 8017 appendix A.1.1). Returns the size of the modulus. */
function readRsa(bytes: Uint8Array): number {
  const [modulus, exponent, ...more] = readElements(expect(readWhole(bytes), TAG.sequence))
  if (more.length > 0) throw new RangeError(NOT_ENCODED)
  const [n, e] = [positive(modulus), positive(exponent)]
  // Go accepts 2 to 2^31 - 1, and since 1.24 only odd ones (crypto/rsa, checkPublicKeySize); with 1 anybody could sign.
  if (e < 3n || e >= 2n ** 31n || e % 2n === 0n)
    throw new RangeError('Go refuses the exponent of its RSA key: it accepts odd exponents from 3 to 2^31 - 1')
  const remainder = n % SMALL_PRODUCT
  if (SMALL_PRIMES.some((prime) => remainder % prime === 0n))
    throw new RangeError('its RSA modulus has a small factor, so anybody can compute the private key')
  return n.toString(2).length
}

function positive(element: DerElement | undefined): bigint {
  const contents = expect(element, TAG.integer)
  if ((contents[0] ?? 0x80) >= 0x80) throw new RangeError('its RSA key has a negative number')
  return bigEndian(contents)
}

/** All primes below 752, as in NIST SP 800-89 section 5.3.3. Other numbers below 29 * 29 have one of the first nine as a factor. */
const SMALL_PRIMES: readonly bigint[] = Array.from({ length: 750 }, (_, index) => index + 2)
  .filter((number) => [2, 3, 5, 7, 11, 13, 17, 19, 23].every((prime) => number === prime || number % prime !== 0))
  .map(BigInt)
const SMALL_PRODUCT = SMALL_PRIMES.reduce((product, prime) => product * prime)

const NOT_ENCODED = 'its public key is not encoded as RFC 5280 requires'

function expect(element: DerElement | undefined, tag: number): Uint8Array {
  if (element?.tag !== tag) throw new RangeError(NOT_ENCODED)
  return element.contents
}
