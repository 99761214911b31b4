import { verify, type KeyObject } from 'node:crypto'
import { ours, sentence } from '../base/sentence.ts'
import { children, contents, encode, isUniversal, readOid, TYPE, type Asn1 } from './der.ts'
import { openPublicKey, readPublicKey } from '../identity/public-key.ts'
import { invalid, refused } from './request-fault.ts'
import { keyTypeFault } from './verdicts.ts'

/** The key type and digest of a signature algorithm. */
interface Algorithm {
  readonly type: 'rsa' | 'ec' | 'ed25519'
  readonly digest: string | null
}

/**
 * Accepted signature algorithms: those that Go verifies (crypto/x509), without RSASSA-PSS, which no tool uses by default
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

/** What mends a key that is refused. */
export const OTHER_KEY = sentence`Nothing was signed. Create another key on the client's machine:  ${ours('client', 'request', 'NAME', '--force')}`

/** Reads the key of a request and checks that dockerd accepts its type. */
export function requestKey(info: Asn1): KeyObject {
  const der = encode(info)
  const fault = faultOf(der)
  if (fault !== undefined) throw refused(fault, OTHER_KEY)
  const publicKey = openKey(der)
  if (publicKey.export({ type: 'spki', format: 'der' }).equals(der)) return publicKey
  throw refused('Go cannot read the encoding of its key', OTHER_KEY)
}

/** Why it is no key, or one that dockerd doesn't accept. */
function faultOf(der: Buffer): string | undefined {
  try {
    return keyTypeFault(readPublicKey(der))
  } catch (cause) {
    return (cause as RangeError).message
  }
}

function openKey(der: Buffer): KeyObject {
  try {
    return openPublicKey(der)
  } catch (cause) {
    throw invalid('OpenSSL cannot read its public key', cause)
  }
}

/**
 * Checks that the request was signed with its own key.
 *
 * @param info - the signed part
 * @param algorithm - the algorithm that the request names
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
    throw invalid('its signature is not a string of whole bytes')
  if (verify(digest, encode(info), key, Buffer.from(bytes))) return
  throw invalid('its signature was not made with the key in the request: it is forged or damaged')
}

function digestFor(algorithm: Asn1 | undefined, { asymmetricKeyType: type }: KeyObject): string | null {
  const [id, parameters, ...more] = children(algorithm)
  if (!isUniversal(id, TYPE.oid) || more.length > 0)
    throw invalid('its signature algorithm is not encoded as RFC 5280 requires')
  const name = readOid(id)
  const known = ALGORITHMS.get(name)
  if (known === undefined) throw invalid(`it is signed with ${name}, which Go or docker-mtls does not accept`)
  if (known.type !== type) throw invalid(`it is signed with ${name}, which does not fit its ${type} key`)
  // NULL for RSA, or nothing (RFC 4055 section 2.1); nothing for the others.
  const isPlain = parameters === undefined || (type === 'rsa' && isUniversal(parameters, TYPE.null))
  if (!isPlain) throw invalid('its signature algorithm has invalid parameters')
  return known.digest
}
