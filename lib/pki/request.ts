import { createPrivateKey, sign, type KeyObject } from 'node:crypto'
import { inspect } from 'node:util'
import { option, ours, sentence } from '../base/sentence.ts'
import { ArgumentError, PkiError } from '../base/errors.ts'
import { formatPem } from '../identity/certificate.ts'
import { keyFactsOf, publicHalf } from '../identity/public-key.ts'
import { parseClientName } from './client-name.ts'
import { bitString, encode, implicitSet, integer, sequence } from './der.ts'
import { exportPrivateKey } from './encrypted-key.ts'
import { DEFAULT_KEY_TYPE, generateKeys, parseKeyType, publicPart, signingWith } from './key-type.ts'
import type { KeyPair, KeyType } from './key-type.ts'
import { isEncryptedKey } from './load-ca.ts'
import { readRequest, type RequestFacts } from './read-request.ts'
import { REQUEST_LABEL } from './request-pem.ts'
import { distinguishedName } from './sign.ts'
import { keyTypeFault } from './verdicts.ts'
import { checkBytes, checkOptions } from '../base/options.ts'

/** Options of {@link createRequest}. */
export interface RequestOptions {
  /** The client's name, which dockerd takes as the user name: 1 to 64 letters, digits, `-` and `_`. */
  readonly name: string
  /**
   * The type of a new key.
   *
   * @defaultValue `'p256'`
   */
  readonly keyType?: KeyType
  /**
   * An existing private key as unencrypted PEM, to renew its certificate.
   *
   * @defaultValue a new key is created
   */
  readonly key?: string | Uint8Array
}

/**
 * A request for a client certificate, and its key. The property `key` isn't enumerable, so `console.log`, `JSON.stringify`
 * and spreads leave it out.
 */
export class CertificateRequest {
  /** The client's name. */
  readonly name: string
  /** The request to send to the owner of the CA, PKCS#10 as PEM. */
  readonly request: string
  /** A {@link KeyType}, or a description of another type. */
  readonly keyType: string
  /** SHA-256 of the public key, in hexadecimal with colons. Compare it before the request is signed. */
  readonly keyFingerprint256: string
  readonly #key: string

  /** @internal */
  constructor(request: string, { name, keyType, keyFingerprint256 }: RequestFacts, key: string) {
    this.name = name
    this.request = request
    this.keyType = keyType
    this.keyFingerprint256 = keyFingerprint256
    this.#key = key
  }

  /** The private key, unencrypted PKCS#8 as PEM. Never send it anywhere. */
  get key(): string {
    return this.#key
  }

  /** Returns the public parts; the private key is left out. */
  toJSON(): {
    /** The client's name. */
    name: string
    /** The request, PEM. */
    request: string
    /** The type of the key. */
    keyType: string
    /** SHA-256 of the public key. */
    keyFingerprint256: string
  } {
    const { name, request, keyType, keyFingerprint256 } = this
    return { name, request, keyType, keyFingerprint256 }
  }

  /** @internal Leaves the key out. */
  [inspect.custom](): string {
    return `CertificateRequest { ${this.name}, key ${this.keyFingerprint256} }`
  }
}

/**
 * Creates a request for a client certificate (PKCS#10, RFC 2986), with a new key or an existing one. Send only the request to
 * the owner of the CA.
 *
 * @param options - the client's name, and the key or the type of a new one
 * @returns the request and its key
 * @throws {@link PkiError} ERR_NAME_INVALID, ERR_KEY_TYPE_INVALID, ERR_PKI_FILE_INVALID if the key can't be used
 * @throws {@link ArgumentError} ERR_OPTION_UNKNOWN, ERR_ARGUMENT_INVALID
 * @example
 * ```ts
 * const { request, key } = await createRequest({ name: 'alice' })
 * const { cert, ca } = await signRequest(authority, request)
 * ```
 */
export async function createRequest(options: RequestOptions): Promise<CertificateRequest> {
  checkOptions(options, ['name', 'keyType', 'key'], 'createRequest')
  const name = parseClientName(options.name)
  const keys = await keysFor(options)
  const signing = signingWith(keyFactsOf(keys.publicKey))
  if (signing === undefined) throw unusable('dockerd does not accept its type')
  // The attributes are not optional, but there may be none.
  const info = sequence(integer(0), distinguishedName(name), keys.info, implicitSet(0))
  const signature = sign(signing.digest, encode(info), keys.privateKey)
  const request = formatPem(REQUEST_LABEL, encode(sequence(info, signing.algorithm, bitString(signature))))
  // Refuse here what signRequest() would refuse later.
  return new CertificateRequest(request, readRequest(request), await exportPrivateKey(keys.privateKey))
}

async function keysFor({ key, keyType }: RequestOptions): Promise<KeyPair> {
  if (key === undefined) return generateKeys(parseKeyType(keyType ?? DEFAULT_KEY_TYPE))
  if (keyType !== undefined) {
    throw new ArgumentError('ERR_ARGUMENT_INVALID', {
      tried: 'calling createRequest',
      got: 'both key and keyType are set, but keyType is for a new key',
      todo: sentence`Set either ${option('key')} or ${option('keyType')}.`,
    })
  }
  checkBytes(key, "the client's key")
  const privateKey = openKey(key)
  const publicKey = openHalf(privateKey)
  const fault = keyTypeFault(keyFactsOf(publicKey))
  if (fault !== undefined) throw unusable(fault)
  return { ...publicPart(publicKey), privateKey }
}

function openKey(pem: string | Uint8Array): KeyObject {
  if (isEncryptedKey(pem)) throw unusable('it is encrypted, and the Docker CLI cannot read encrypted keys')
  try {
    return createPrivateKey(Buffer.from(pem))
  } catch {
    // OpenSSL's own words could repeat what it was given.
    throw unusable('it is not a private key in PEM')
  }
}

function openHalf(privateKey: KeyObject): KeyObject {
  try {
    return publicHalf(privateKey)
  } catch (cause) {
    throw unusable(cause instanceof RangeError ? cause.message : 'its public half is damaged')
  }
}

function unusable(got: string): PkiError {
  return new PkiError('ERR_PKI_FILE_INVALID', {
    tried: "creating a request with the client's key",
    got,
    todo: sentence`Create a new key:  ${ours('client', 'request', 'NAME', '--force')}`,
  })
}
