import type { KeyObject, X509Certificate } from 'node:crypto'
import { inspect } from 'node:util'
import { quoted } from '../base/text.ts'
import { PkiError } from '../base/errors.ts'
import { publicKeyOf, readCertificate, type CertificateFacts } from '../identity/certificate.ts'
import { exportPrivateKey, type Passphrase } from './encrypted-key.ts'
import { caExtensions } from './extensions.ts'
import { DEFAULT_KEY_TYPE, generateKeys, keyId, parseKeyType, type KeyType } from './key-type.ts'
import { DEFAULT_CA_DAYS, MAX_CA_DAYS, parseDays, periodOf } from './lifetime.ts'
import { readExtensions, readSubject } from './read-extensions.ts'
import {
  distinguishedName,
  signCertificate,
  signRevocationList,
  verifyList,
  verifySigned,
  type Blueprint,
  type ListRenderer,
  type Signer,
} from './sign.ts'
import { checkOptions, checkText } from '../base/options.ts'

/** Options of {@link createAuthority}. */
export interface AuthorityOptions {
  /**
   * The common name of the CA, 1 to 64 characters. Every server shows it to everybody who connects. Don't give two CAs the
   * same name: clients and daemons would report misleading errors.
   *
   * @defaultValue `docker-mtls CA ` followed by the first eight digits of the key id
   */
  readonly commonName?: string
  /**
   * The type of its key.
   *
   * @defaultValue `'p256'`
   */
  readonly keyType?: KeyType
  /**
   * Its lifetime in days, 1 to 36,500.
   *
   * @defaultValue 3,650 days
   */
  readonly days?: number
}

/** A certificate authority (CA): its public certificate, and its private key, which only signs. */
export class Authority {
  /** The contents of every `ca.pem`, as PEM. During a CA rotation it holds both CA certificates. */
  readonly certificate: string
  /** Facts of the CA certificate that signs. */
  readonly facts: CertificateFacts
  readonly #signer: Signer
  readonly #x509: X509Certificate

  /** @internal */
  constructor(x509: X509Certificate, signer: Signer, certificate: string = x509.toString()) {
    this.certificate = certificate
    this.facts = readCertificate(x509)
    this.#signer = signer
    this.#x509 = x509
  }

  /**
   * Returns the private key of the CA. Keep it in a file that only its owner can read.
   *
   * @param options - `passphrase` encrypts the key with AES-256; without one the key is not encrypted
   * @returns the key, PKCS#8 as PEM
   * @throws {@link PkiError} ERR_CA_PASSPHRASE if the passphrase is empty or longer than OpenSSL accepts
   */
  exportKey(options: { readonly passphrase?: Passphrase } = {}): Promise<string> {
    checkOptions(options, ['passphrase'], 'Authority.exportKey')
    return exportPrivateKey(this.#signer.key, options.passphrase)
  }

  /** @internal The same CA, whose leaves get these CA certificates as their `ca.pem`. */
  trusting(certificates: string): Authority {
    return new Authority(this.#x509, this.#signer, certificates)
  }

  /** @internal The subject key id of its certificate, which leaves name as their authority key id. */
  get keyId(): Buffer {
    const { subjectKeyId } = readExtensions(this.#x509)
    return subjectKeyId === undefined ? keyId(publicKeyOf(this.#x509)) : Buffer.from(subjectKeyId, 'hex')
  }

  /** @internal Signs a revocation list, and verifies it. */
  signList(render: ListRenderer): Buffer {
    const list = signRevocationList(render, this.#signer)
    verifyList(list, this.#x509)
    return list
  }

  /** @internal */
  sign(blueprint: Blueprint): X509Certificate {
    const certificate = signCertificate(blueprint, this.#signer)
    verifySigned(certificate, blueprint.keys, this.#x509)
    return certificate
  }

  /** Returns the public parts; the private key is left out. */
  toJSON(): {
    /** The CA certificate, PEM. */
    certificate: string
    /** Facts of the CA certificate. */
    facts: CertificateFacts
  } {
    return { certificate: this.certificate, facts: this.facts }
  }

  /** @internal Leaves the key out. */
  [inspect.custom](): string {
    return `Authority { ${this.facts.subject}, until ${this.facts.validTo.toISOString()} }`
  }
}

/**
 * Creates a new self-signed CA in memory. Save its `certificate` and `exportKey()` yourself, or use {@link PkiFolder}.
 *
 * @param options - its name, key type and lifetime
 * @returns the new CA
 * @throws {@link PkiError} ERR_NAME_INVALID, ERR_KEY_TYPE_INVALID, ERR_DAYS_INVALID
 * @throws {@link ArgumentError} ERR_OPTION_UNKNOWN, ERR_ARGUMENT_INVALID
 * @example
 * ```ts
 * const authority = await createAuthority()
 * const { ca, cert, key } = await issueServer(authority, { names: ['build01.example.com', '10.0.0.4'] })
 * ```
 */
export async function createAuthority(options: AuthorityOptions = {}): Promise<Authority> {
  checkOptions(options, ['commonName', 'keyType', 'days'], 'createAuthority')
  const { commonName, keyType, days } = checkCaOptions(options)
  const period = periodOf(days)
  const keys = await generateKeys(keyType)
  const name = distinguishedName(commonName ?? `docker-mtls CA ${keys.id.toString('hex', 0, 4)}`)
  const signer = { name, key: keys.privateKey }
  const x509 = signCertificate({ subject: name, keys, period, extensions: caExtensions(keys) }, signer)
  verifySigned(x509, keys, x509)
  return new Authority(x509, signer)
}

/** Checks the options before anything is created, and fills in the defaults. */
export function checkCaOptions({ commonName, keyType = DEFAULT_KEY_TYPE, days = DEFAULT_CA_DAYS }: AuthorityOptions): {
  commonName: string | undefined
  keyType: KeyType
  days: number
} {
  if (commonName !== undefined) checkCommonName(commonName)
  return { commonName, keyType: parseKeyType(keyType), days: parseDays(days, MAX_CA_DAYS) }
}

/** @internal The CA of a certificate and a key that are known to match. */
export function caOf(x509: X509Certificate, key: KeyObject): Authority | undefined {
  const name = readSubject(x509)
  return name && new Authority(x509, { name, key })
}

function checkCommonName(name: string): void {
  checkText(name, 'the common name of a CA')
  const got = commonNameFault(name)
  if (got === undefined) return
  throw new PkiError('ERR_NAME_INVALID', {
    tried: `naming a CA ${quoted(name)}`,
    got,
    todo: 'Use 1 to 64 characters, or leave the name out to name the CA after its key.',
  })
}

/** RFC 5280 appendix A.1: ub-common-name is 64. */
function commonNameFault(name: string): string | undefined {
  if (name.trim() !== name || name === '') return 'it is empty, or begins or ends with a space'
  if (/\p{C}/u.test(name)) return 'it contains a control character'
  const { length } = Array.from(name)
  return length > 64 ? `it has ${length} characters` : undefined
}
