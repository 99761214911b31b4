import type { KeyObject } from 'node:crypto'
import { ours, sentence } from '../base/sentence.ts'
import { quoted } from '../base/text.ts'
import { isDockerMtlsError } from '../base/errors.ts'
import type { KeyFacts } from '../identity/certificate.ts'
import { parseClientName } from './client-name.ts'
import { children, contents, decodeStrictly, isContext, isUniversal, readOid, TYPE, type Asn1 } from './der.ts'
import { keyFactsOf } from '../identity/public-key.ts'
import { keyFingerprint, keyTypeOf } from './key-type.ts'
import { invalid, naming, refused } from './request-fault.ts'
import { checkSignature, requestKey } from './request-key.ts'
import { requestDer } from './request-pem.ts'
import { checkRequestedExtensions } from './request-extensions.ts'
import { checkBytes, checkOptions } from '../base/options.ts'

/** Options of {@link readRequest}. */
export interface ReadRequestOptions {
  /**
   * The client's name, in place of the one in the request.
   *
   * @defaultValue the common name in the request
   */
  readonly name?: string
  /**
   * How errors name the request, usually the path of its file.
   *
   * @defaultValue `the request`
   */
  readonly file?: string
}

/** A request that was checked and that its own key has signed. */
export interface RequestFacts {
  /** The client's name in the certificate. */
  readonly name: string
  /** The public key. */
  readonly publicKey: KeyObject
  /** Type and size of the key. */
  readonly key: KeyFacts
  /** A {@link KeyType}, `p521`, or another RSA size. */
  readonly keyType: string
  /**
   * SHA-256 of the public key, in hexadecimal with colons. Compare it with the one shown on the machine that created the
   * request.
   */
  readonly keyFingerprint256: string
  /** Parts of the request that are not copied into the certificate, such as `organizationName` or `challengePassword`. */
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
 * Reads a client's request (PKCS#10, RFC 2986) and checks it: it is complete DER, its own key has signed it, dockerd accepts
 * the type of the key, it asks for a client certificate only, and it has exactly one valid client name.
 *
 * @param input - one request as PEM
 * @param options - the client's name, and how errors name the request
 * @returns the facts of the request
 * @throws {@link PkiError} ERR_REQUEST_INVALID if it isn't a request or is forged; ERR_REQUEST_REFUSED if it asks for something
 *   that clients can't have; ERR_NAME_INVALID for the option `name`
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
    const ignored = checkRequestedExtensions(attributes)
    const names = namesIn(subject)
    const key = keyFactsOf(publicKey)
    return {
      name: name ?? nameOf(names),
      publicKey,
      key,
      keyType: keyTypeOf(key),
      keyFingerprint256: keyFingerprint(publicKey),
      leftOut: [...new Set([...names.map(typeOf).filter((type) => type !== 'commonName'), ...ignored])],
    }
  })
}

interface Opened {
  readonly subject: Asn1
  readonly keyInfo: Asn1
  readonly attributes: readonly Asn1[]
  /** Throws if the key has not signed the request. */
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
    throw invalid('it is not encoded as RFC 2986 requires')
  }
  // Version 1 is encoded as 0, and is the only one.
  if (!contents(version).equals(Buffer.of(0))) throw invalid('its version is unknown')
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
        throw invalid('its subject is not encoded as RFC 5280 requires')
      return { type: readOid(type), value }
    })
}

function typeOf({ type }: NamePart): string {
  return NAME_TYPES.get(type) ?? type
}

/** Go, and so dockerd, uses the last common name, other tools the first: two names are ambiguous. */
function nameOf(names: readonly NamePart[]): string {
  const found = names.filter((part) => typeOf(part) === 'commonName')
  const [only] = found
  if (only === undefined) throw refused('it has no common name', GIVE_NAME)
  if (found.length > 1) throw refused(`it has ${found.length} common names`, GIVE_NAME)
  if (!TEXT_TYPES.some((type) => isUniversal(only.value, type))) {
    throw refused('its common name has an encoding that client names do not use', GIVE_NAME)
  }
  return checkedName(contents(only.value).toString('utf8'))
}

const GIVE_NAME = sentence`Nothing was signed. Choose the client's name yourself:  ${ours('cert', 'sign', 'FILE', '--name', 'NAME')}`

function checkedName(name: string): string {
  // RFC 5280 appendix A.1: ub-common-name is 64. A longer one isn't repeated.
  if (name.length > 64) throw refused(`its common name has ${name.length} characters; the limit is 64`, GIVE_NAME)
  try {
    return parseClientName(name)
  } catch (cause) {
    if (!isDockerMtlsError(cause)) throw cause
    throw refused(`its common name is ${quoted(name)}: ${cause.got}`, GIVE_NAME)
  }
}
