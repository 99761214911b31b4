import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto'
import { inspect } from 'node:util'
import { ArgumentError, PkiError } from '../base/errors.ts'
import { formatPem } from '../identity/certificate.ts'
import { parseClientName } from './client-name.ts'
import { bitString, encode, implicitSet, integer, sequence } from './der.ts'
import { exportPrivateKey } from './encrypted-key.ts'
import { DEFAULT_KEY_TYPE, generateKeys, keyFactsOf, parseKeyType, publicPart, signingWith } from './key-type.ts'
import type { KeyPair, KeyType } from './key-type.ts'
import { isEncryptedKey } from './load-ca.ts'
import { readRequest, type RequestFacts } from './read-request.ts'
import { REQUEST_LABEL } from './request-pem.ts'
import { distinguishedName } from './sign.ts'
import { keyTypeFault } from './verdicts.ts'
import { checkBytes, checkOptions } from '../base/options.ts'

/** For {@link createRequest}. */
export interface RequestOptions {
  /** The client's name: dockerd takes it as the user's. 1 to 64 letters, digits, `-` and `_`. */
  readonly name: string
  /**
   * The type of a new key.
   *
   * @defaultValue `'p256'`
   */
  readonly keyType?: KeyType
  /**
   * A private key that is there already, as PEM and not encrypted: to renew its certificate.
   *
   * @defaultValue a new key is made
   */
  readonly key?: string | Uint8Array
}

/**
 * A request for a client's certificate, and the key that it was made with. The key is read by its name alone: it isn't
 * enumerable, so neither `console.log`, `JSON.stringify` nor a spread shows or copies it.
 */
export class CertificateRequest {
  readonly name: string
  /** PKCS#10 as PEM: what is sent to whoever keeps the authority. */
  readonly request: string
  /** A {@link KeyType}, or what else it is. */
  readonly keyType: string
  /** SHA-256 of its public key, in hexadecimal with colons: what is compared before it is signed. */
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

  /** Its private key, PKCS#8 and unencrypted: the Docker CLI reads no other. It stays where it is. */
  get key(): string {
    return this.#key
  }

  /** Leaves the key out. */
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
 * Makes a request for a client's certificate (PKCS#10, RFC 2986), with a new key or with one that is there. Only the
 * request is to be sent to whoever keeps the authority.
 *
 * @throws {@link PkiError} ERR_NAME_INVALID, ERR_KEY_TYPE_INVALID, ERR_PKI_FILE_INVALID for a key that can't be used
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
  const signing = signingWith(keys.privateKey)
  if (signing === undefined) throw unusable('its type is none that dockerd takes')
  // The attributes are not optional, but there may be none.
  const info = sequence(integer(0), distinguishedName(name), keys.info, implicitSet(0))
  const signature = sign(signing.digest, encode(info), keys.privateKey)
  const request = formatPem(REQUEST_LABEL, encode(sequence(info, signing.algorithm, bitString(signature))))
  // Nothing leaves this room that we wouldn't sign ourselves.
  return new CertificateRequest(request, readRequest(request), await exportPrivateKey(keys.privateKey))
}

async function keysFor({ key, keyType }: RequestOptions): Promise<KeyPair> {
  if (key === undefined) return generateKeys(parseKeyType(keyType ?? DEFAULT_KEY_TYPE))
  if (keyType !== undefined) {
    throw new ArgumentError('ERR_ARGUMENT_INVALID', {
      tried: 'calling createRequest',
      got: 'it has a key, and a type for a new one',
      todo: 'Give one of the options key and keyType.',
    })
  }
  checkBytes(key, "the client's key")
  const privateKey = openKey(key)
  const fault = keyTypeFault(keyFactsOf(privateKey))
  if (fault !== undefined) throw unusable(fault)
  return { ...publicPart(createPublicKey(privateKey)), privateKey }
}

function openKey(pem: string | Uint8Array): KeyObject {
  if (isEncryptedKey(pem)) throw unusable('it is encrypted, and the Docker CLI reads no such key')
  try {
    return createPrivateKey(Buffer.from(pem))
  } catch {
    // OpenSSL's own words could repeat what it was given.
    throw unusable('it is no private key in PEM')
  }
}

function unusable(got: string): PkiError {
  return new PkiError('ERR_PKI_FILE_INVALID', {
    tried: "making a request with the client's key",
    got,
    todo: 'Have another key made:  docker-mtls client request NAME --force',
  })
}
