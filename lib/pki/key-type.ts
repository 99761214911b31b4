import { createHash, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { enumerate, quoted } from '../base/text.ts'
import { PkiError } from '../base/errors.ts'
import type { KeyFacts } from '../identity/certificate.ts'
import { children, contents, decode, nothing, oid, sequence, type Asn1 } from './der.ts'

/**
 * The key types of certificates. dockerd and the Docker CLI accept all of them; NSS (Firefox) rejects Ed25519.
 */
export type KeyType = 'p256' | 'p384' | 'ed25519' | 'rsa2048' | 'rsa3072' | 'rsa4096'

/** A public key and its encodings. */
export interface PublicKey {
  readonly publicKey: KeyObject
  /** SubjectPublicKeyInfo. */
  readonly info: Asn1
  /** See {@link keyId}. */
  readonly id: Buffer
}

export interface KeyPair extends PublicKey {
  readonly privateKey: KeyObject
}

type KeyObjects = Pick<KeyPair, 'publicKey' | 'privateKey'>

/** How a key signs: the digest for node:crypto, and the AlgorithmIdentifier that says so in the certificate. */
export interface Signing {
  readonly digest: string | null
  readonly algorithm: Asn1
}

/** As small as a P-384 signature, 20 times as fast to make as RSA-2048, and accepted by every TLS library that we tested. */
export const DEFAULT_KEY_TYPE: KeyType = 'p256'

/** A function, so that what only names key types doesn't load node:crypto. */
const generate = (): typeof generateKeyPair.__promisify__ => promisify(generateKeyPair)

const GENERATORS: Readonly<Record<KeyType, () => Promise<KeyObjects>>> = {
  p256: () => generate()('ec', { namedCurve: 'P-256' }),
  p384: () => generate()('ec', { namedCurve: 'P-384' }),
  ed25519: () => generate()('ed25519', undefined),
  rsa2048: () => generate()('rsa', { modulusLength: 2048 }),
  rsa3072: () => generate()('rsa', { modulusLength: 3072 }),
  rsa4096: () => generate()('rsa', { modulusLength: 4096 }),
}

/** Every {@link KeyType}, the default first. */
export const KEY_TYPES: readonly KeyType[] = Object.keys(GENERATORS) as KeyType[]

/**
 * Checks the name of a key type.
 *
 * @param value - one of {@link KEY_TYPES}
 * @returns the key type
 * @throws {@link PkiError} ERR_KEY_TYPE_INVALID
 * @example
 * ```ts
 * const keyType = parseKeyType(process.env['KEY_TYPE'] ?? 'p256')
 * const issued = await issueClient(authority, { name: 'ci', keyType })
 * ```
 */
export function parseKeyType(value: unknown): KeyType {
  const known = KEY_TYPES.find((type) => type === value)
  if (known !== undefined) return known
  throw new PkiError('ERR_KEY_TYPE_INVALID', {
    tried: 'choosing a key type',
    got: `${typeof value === 'string' ? quoted(value) : String(value)} is unknown`,
    todo: `Use ${enumerate(KEY_TYPES, 'or')}.`,
  })
}

/** Generates a key pair outside the event loop's thread. */
export async function generateKeys(type: KeyType): Promise<KeyPair> {
  const { publicKey, privateKey } = await GENERATORS[type]()
  return { ...publicPart(publicKey), privateKey }
}

/** Written out once: OpenSSL 3 takes longer for this than for a signature. */
export function publicPart(publicKey: KeyObject): PublicKey {
  const info = keyInfo(publicKey)
  return { publicKey, info, id: idOf(info) }
}

/** SHA-256 of a public key (its SubjectPublicKeyInfo), written as fingerprints of certificates are. */
export function keyFingerprint(publicKey: KeyObject): string {
  const hash = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
  return (hash.toUpperCase().match(/../g) ?? []).join(':')
}

/**
 * The curve's own digest for ECDSA. RSA takes NULL parameters (RFC 4055 section 5), ECDSA (RFC 5758 section 3.2) and
 * Ed25519 (RFC 8410 section 3) take none. Undefined for a key that can't sign for dockerd.
 */
export function signingWith({ type, curve }: KeyFacts): Signing | undefined {
  if (type === 'rsa') return { digest: 'sha256', algorithm: sequence(oid('1.2.840.113549.1.1.11'), nothing()) }
  if (type === 'ed25519') return { digest: null, algorithm: sequence(oid('1.3.101.112')) }
  return type === 'ec' ? ecdsa(curve) : undefined
}

function ecdsa(curve: string | undefined): Signing | undefined {
  if (curve === 'P-256') return { digest: 'sha256', algorithm: sequence(oid('1.2.840.10045.4.3.2')) }
  if (curve === 'P-384') return { digest: 'sha384', algorithm: sequence(oid('1.2.840.10045.4.3.3')) }
  if (curve === 'P-521') return { digest: 'sha512', algorithm: sequence(oid('1.2.840.10045.4.3.4')) }
  return undefined
}

/** The key's id: SHA-1 of its bits, RFC 5280 section 4.2.1.2 method 1. It only names the key; security doesn't depend on the hash. */
export function keyId(publicKey: KeyObject): Buffer {
  return idOf(keyInfo(publicKey))
}

function keyInfo(publicKey: KeyObject): Asn1 {
  return decode(publicKey.export({ type: 'spki', format: 'der' }))
}

function idOf(info: Asn1): Buffer {
  const bits = contents(children(info)[1])
  // The first byte counts unused bits.
  return createHash('sha1').update(bits.subarray(1)).digest()
}

/** The {@link KeyType} of a key, or a description of another type. */
export function keyTypeOf({ type, bits, curve }: KeyFacts): string {
  if (type === 'ec') return (curve ?? 'ec').replace(/^P-/, 'p')
  return bits === undefined ? type : `${type}${bits}`
}
