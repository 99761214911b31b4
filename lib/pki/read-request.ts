import type { KeyObject } from 'node:crypto'
import { isDockerMtlsError } from '../base/errors.ts'
import type { KeyFacts } from '../identity/certificate.ts'
import { parseClientName } from './client-name.ts'
import { children, contents, decodeStrictly, isContext, isUniversal, readOid, TYPE, type Asn1 } from './der.ts'
import { keyFactsOf, keyFingerprint, keyTypeOf } from './key-type.ts'
import { invalid, naming, refused } from './request-fault.ts'
import { checkSignature, requestKey } from './request-key.ts'
import { requestDer } from './request-pem.ts'
import { checkRequestedExtensions } from './request-extensions.ts'
import { checkBytes, checkOptions } from '../base/options.ts'

/** For {@link readRequest}. */
export interface ReadRequestOptions {
  /**
   * The client's name, whatever the request has for one.
   *
   * @defaultValue its one common name
   */
  readonly name?: string
  /**
   * What the request is called in an error's message, a file's path mostly.
   *
   * @defaultValue `the request`
   */
  readonly file?: string
}

/** A request that was read, and whose signature is its own key's. */
export interface RequestFacts {
  /** The name that its certificate would have. */
  readonly name: string
  readonly publicKey: KeyObject
  readonly key: KeyFacts
  /** A {@link KeyType}, or `p521`, or another size of RSA. */
  readonly keyType: string
  /**
   * SHA-256 of its public key, in hexadecimal with colons: the same on the machine that made the request, so that two
   * people can compare it.
   */
  readonly keyFingerprint256: string
  /** What it has besides and a certificate of ours doesn't get, such as `organizationName` or `challengePassword`. */
  readonly leftOut: readonly string[]
}

/** The types of names (RFC 5280 appendix A.1, RFC 4519) that tools put into requests. */
const NAME_TYPES: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'commonName'],
  ['2.5.4.6', 'countryName'],
  ['2.5.4.7', 'localityName'],
  ['2.5.4.8', 'stateOrProvinceName'],
  ['2.5.4.10', 'organizationName'],
  ['2.5.4.11', 'organizationalUnitName'],
  ['1.2.840.113549.1.9.1', 'emailAddress'],
  ['0.9.2342.19200300.100.1.1', 'userId'],
])

const TEXT_TYPES: readonly number[] = [TYPE.utf8String, TYPE.printableString, TYPE.ia5String]

/**
 * Reads a client's request (PKCS#10, RFC 2986) and checks it: it is whole and DER, signed by the key in it, the key is one
 * that dockerd verifies, it asks for nothing but to be a client, and it has one name that a client can have.
 *
 * @param input - one request as PEM
 * @throws {@link PkiError} ERR_REQUEST_INVALID, where it is none, or forged; ERR_REQUEST_REFUSED, where it asks for what no
 *   client gets; ERR_NAME_INVALID for the option `name`
 * @throws {@link ArgumentError} ERR_OPTION_UNKNOWN, ERR_ARGUMENT_INVALID
 * @example
 * ```ts
 * const { name, keyFingerprint256 } = readRequest(await readFile('alice.csr'), { file: 'alice.csr' })
 * ```
 */
export function readRequest(input: string | Uint8Array, options: ReadRequestOptions = {}): RequestFacts {
  checkOptions(options, ['name', 'file'], 'readRequest')
  checkBytes(input, 'a request')
  const { name, file = 'the request' } = options
  if (name !== undefined) parseClientName(name)
  return naming(file, () => {
    const { subject, keyInfo, attributes, check } = open(requestDer(input))
    const publicKey = requestKey(keyInfo)
    check(publicKey)
    const wishes = checkRequestedExtensions(attributes)
    const names = namesIn(subject)
    const key = keyFactsOf(publicKey)
    return {
      name: name ?? nameOf(names),
      publicKey,
      key,
      keyType: keyTypeOf(key),
      keyFingerprint256: keyFingerprint(publicKey),
      leftOut: [...new Set([...names.map(typeOf).filter((type) => type !== 'commonName'), ...wishes])],
    }
  })
}

interface Opened {
  readonly subject: Asn1
  readonly keyInfo: Asn1
  readonly attributes: readonly Asn1[]
  /** Throws where the key has not signed all of it. */
  readonly check: (key: KeyObject) => void
}

/**
 * CertificationRequest ::= SEQUENCE { info, signatureAlgorithm, signature }, and its info a SEQUENCE { version,
 * subject, subjectPKInfo, attributes [0] } (RFC 2986 section 4).
 */
function open(der: Uint8Array): Opened {
  const request = decoded(der)
  const [info, algorithm, signature, ...more] = children(request)
  const [version, subject, keyInfo, attributes, ...others] = children(info)
  const isWhole =
    isUniversal(request, TYPE.sequence) &&
    isUniversal(info, TYPE.sequence) &&
    isUniversal(algorithm, TYPE.sequence) &&
    isUniversal(version, TYPE.integer) &&
    isContext(attributes, 0) &&
    more.length + others.length === 0
  if (!isWhole || !isSequence(info) || !isSequence(subject) || !isSequence(keyInfo)) {
    throw invalid('it is not built as RFC 2986 has it')
  }
  // v1 is 0, and the only version that there is.
  if (!contents(version).equals(Buffer.of(0))) throw invalid('it is of a version that is not known')
  return {
    subject,
    keyInfo,
    attributes: children(attributes),
    check: (key) => checkSignature(info, algorithm, signature, key),
  }
}

function isSequence(element: Asn1 | undefined): element is Asn1 {
  return isUniversal(element, TYPE.sequence)
}

function decoded(der: Uint8Array): Asn1 {
  try {
    return decodeStrictly(der)
  } catch (cause) {
    throw invalid('it is not DER', cause)
  }
}

interface NamePart {
  readonly type: string
  readonly value: Asn1 | undefined
}

/** Name ::= SEQUENCE OF SET OF SEQUENCE { type, value } (RFC 5280 section 4.1.2.4). */
function namesIn(subject: Asn1): NamePart[] {
  return children(subject)
    .flatMap(children)
    .map((attribute) => {
      const [type, value] = children(attribute)
      if (!isUniversal(type, TYPE.oid) || value === undefined)
        throw invalid('its subject is not built as RFC 5280 has it')
      return { type: readOid(type), value }
    })
}

function typeOf({ type }: NamePart): string {
  return NAME_TYPES.get(type) ?? type
}

/** Go, and so dockerd, takes the last common name, others take the first: with two nobody knows whose it is. */
function nameOf(names: readonly NamePart[]): string {
  const found = names.filter((part) => typeOf(part) === 'commonName')
  const [only] = found
  if (only === undefined) throw refused('it has no common name', GIVE_NAME)
  if (found.length > 1) throw refused(`it has ${found.length} common names`, GIVE_NAME)
  if (!TEXT_TYPES.some((type) => isUniversal(only.value, type))) {
    throw refused('its common name is in an alphabet that no name of a client is in', GIVE_NAME)
  }
  return checkedName(contents(only.value).toString('utf8'))
}

const GIVE_NAME = 'Nothing was signed. Give the client a name yourself:  docker-mtls cert sign FILE --name NAME'

function checkedName(name: string): string {
  // RFC 5280 appendix A.1: ub-common-name is 64. A longer one isn't repeated.
  if (name.length > 64) throw refused(`its common name has ${name.length} characters, and can have 64`, GIVE_NAME)
  try {
    return parseClientName(name)
  } catch (cause) {
    if (!isDockerMtlsError(cause)) throw cause
    throw refused(`its common name is ${JSON.stringify(name)}: ${cause.got}`, GIVE_NAME)
  }
}
