import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import { children, contents, encode, isUniversal, readOid, TYPE, type Asn1 } from './der.ts'
import { keyFactsOf } from './key-type.ts'
import { invalid, refused } from './request-fault.ts'
import { keyTypeFault } from './verdicts.ts'

/** Which keys sign with an algorithm, and its digest. */
interface Algorithm {
  readonly type: 'rsa' | 'ec' | 'ed25519'
  readonly digest: string | null
}

/**
 * What a request may be signed with: what Go verifies (crypto/x509), without RSASSA-PSS, which no tool takes by itself
 * for a plain RSA key.
 */
const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map([
  ['1.2.840.113549.1.1.11', { type: 'rsa', digest: 'sha256' }],
  ['1.2.840.113549.1.1.12', { type: 'rsa', digest: 'sha384' }],
  ['1.2.840.113549.1.1.13', { type: 'rsa', digest: 'sha512' }],
  ['1.2.840.10045.4.3.2', { type: 'ec', digest: 'sha256' }],
  ['1.2.840.10045.4.3.3', { type: 'ec', digest: 'sha384' }],
  ['1.2.840.10045.4.3.4', { type: 'ec', digest: 'sha512' }],
  ['1.3.101.112', { type: 'ed25519', digest: null }],
])

const OTHER_KEY = "Nothing was signed. Have another key made on the client's machine:  docker-mtls client request NAME"

/** The key of a request, where dockerd would verify one of its kind. */
export function requestKey(info: Asn1): KeyObject {
  const der = encode(info)
  const publicKey = openKey(der)
  const fault = keyTypeFault(keyFactsOf(publicKey)) ?? exponentFault(publicKey)
  if (fault !== undefined) throw refused(fault, OTHER_KEY)
  // By way of JWK, which has one form for each key.
  const plain = createPublicKey({ key: publicKey.export({ format: 'jwk' }), format: 'jwk' })
  if (plain.export({ type: 'spki', format: 'der' }).equals(der)) return plain
  throw refused(
    'its key is written in a way that Go does not read (a curve spelt out, or a compressed point)',
    OTHER_KEY,
  )
}

function openKey(der: Buffer): KeyObject {
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' })
  } catch (cause) {
    throw invalid('its public key is none that OpenSSL reads', cause)
  }
}

/** Go takes 2 to 2^31 - 1, since 1.24 odd ones alone (crypto/rsa, checkPublicKeySize); with 1 everybody could sign. */
function exponentFault({ asymmetricKeyDetails }: KeyObject): string | undefined {
  const exponent = asymmetricKeyDetails?.publicExponent
  if (exponent === undefined || (exponent >= 3n && exponent < 2n ** 31n && exponent % 2n === 1n)) return undefined
  return `its RSA key has the exponent ${exponent}, and Go takes odd ones from 3 to 2^31 - 1`
}

/**
 * Checks that whoever made the request holds the key in it.
 *
 * @param info - what was signed
 * @param algorithm - what it says it was signed with
 * @param signature - a BIT STRING
 */
export function checkSignature(
  info: Asn1,
  algorithm: Asn1 | undefined,
  signature: Asn1 | undefined,
  key: KeyObject,
): void {
  const digest = digestFor(algorithm, key)
  const [unused, ...bytes] = contents(signature)
  if (!isUniversal(signature, TYPE.bitString) || unused !== 0)
    throw invalid('its signature is no string of whole bytes')
  if (verify(digest, encode(info), key, Buffer.from(bytes))) return
  throw invalid('its signature is forged or damaged: it was not made with the key in the request')
}

function digestFor(algorithm: Asn1 | undefined, { asymmetricKeyType: type }: KeyObject): string | null {
  const [id, parameters, ...more] = children(algorithm)
  if (!isUniversal(id, TYPE.oid) || more.length > 0)
    throw invalid('its signature algorithm is not built as RFC 5280 has it')
  const name = readOid(id)
  const known = ALGORITHMS.get(name)
  if (known === undefined) throw invalid(`it is signed with ${name}, which Go refuses, or which we do not verify`)
  if (known.type !== type) throw invalid(`it is signed with ${name}, which is no algorithm of its ${type} key`)
  // NULL for RSA, or nothing (RFC 4055 section 2.1); nothing for the others.
  const isPlain = parameters === undefined || (type === 'rsa' && isUniversal(parameters, TYPE.null))
  if (!isPlain) throw invalid('its signature algorithm has parameters that it can not have')
  return known.digest
}
