import { inspect } from 'node:util'
import { ArgumentError, PkiError } from '../base/errors.ts'
import { readCertificate, type CertificateFacts } from '../identity/certificate.ts'
import { Authority } from './ca.ts'
import { parseClientName } from './client-name.ts'
import { exportPrivateKey } from './encrypted-key.ts'
import { leafExtensions, type Purpose } from './extensions.ts'
import { DEFAULT_KEY_TYPE, generateKeys, parseKeyType, type KeyType } from './key-type.ts'
import { DEFAULT_LEAF_DAYS, MAX_LEAF_DAYS, parseDays, periodOf } from './lifetime.ts'
import { parseServerNames, type ServerName } from './server-name.ts'
import { distinguishedName } from './sign.ts'
import { checkOptions } from '../base/options.ts'

/** What goes for every leaf. */
export interface LeafOptions {
  /**
   * Its life in days, 1 to 3,650; never past the end of its authority.
   *
   * @defaultValue 397 days
   */
  readonly days?: number
  /** @defaultValue `'p256'` */
  readonly keyType?: KeyType
}

/** For {@link issueServer}. */
export interface ServerOptions extends LeafOptions {
  /** DNS names and addresses that clients reach the daemon by. `localhost`, `127.0.0.1` and `::1` are added. */
  readonly names: readonly string[]
}

/** For {@link issueClient}. */
export interface ClientOptions extends LeafOptions {
  /** The client's name: dockerd takes it as the user's. 1 to 64 letters, digits, `-` and `_`. */
  readonly name: string
}

interface IssuedValues {
  readonly ca: string
  readonly cert: string
  readonly facts: CertificateFacts
  readonly names: readonly ServerName[]
  readonly cutToAuthority: boolean
}

/**
 * A certificate that was just issued, with its key and its authority, each as PEM: what `connect()` takes as `ca`, `cert`
 * and `key`. The key is read by its name alone: it isn't enumerable, so neither `console.log`, `JSON.stringify` nor a
 * spread shows or copies it.
 */
export class IssuedCertificate {
  /** The authority's certificate: `ca.pem`. */
  readonly ca: string
  /** `cert.pem`, or `server-cert.pem`. */
  readonly cert: string
  readonly facts: CertificateFacts
  /** For a server: its names, as they were given and as the certificate has them. */
  readonly names: readonly ServerName[]
  /** Does it end earlier than asked, because its authority does? */
  readonly cutToAuthority: boolean
  readonly #key: string

  /** @internal */
  constructor({ ca, cert, facts, names, cutToAuthority }: IssuedValues, key: string) {
    this.ca = ca
    this.cert = cert
    this.facts = facts
    this.names = names
    this.cutToAuthority = cutToAuthority
    this.#key = key
  }

  /** Its private key, PKCS#8 and unencrypted: dockerd and the Docker CLI read no other. */
  get key(): string {
    return this.#key
  }

  /** Leaves the key out. */
  toJSON(): {
    /** The CA certificate, PEM. */
    ca: string
    /** The certificate, PEM. */
    cert: string
    /** What the certificate says. */
    facts: CertificateFacts
    /** The names it is for. */
    names: readonly ServerName[]
    /** Whether it ends with the CA instead of later. */
    cutToAuthority: boolean
  } {
    const { ca, cert, facts, names, cutToAuthority } = this
    return { ca, cert, facts, names, cutToAuthority }
  }

  /** @internal Leaves the key out. */
  [inspect.custom](): string {
    return `IssuedCertificate { ${this.facts.subject}, until ${this.facts.validTo.toISOString()} }`
  }
}

/**
 * Issues a server certificate: for `serverAuth` only, so that it can't log in as a client.
 *
 * @throws {@link PkiError} ERR_NAME_INVALID, ERR_DAYS_INVALID, ERR_KEY_TYPE_INVALID, ERR_CA_INVALID
 * @throws {@link ArgumentError} ERR_OPTION_UNKNOWN, ERR_ARGUMENT_INVALID
 * @example
 * ```ts
 * const { ca, cert, key } = await issueServer(authority, { names: ['build01.example.com', '10.0.0.4'], days: 90 })
 * ```
 */
export async function issueServer(authority: Authority, options: ServerOptions): Promise<IssuedCertificate> {
  checkOptions(options, ['names', 'days', 'keyType'], 'issueServer')
  const names = parseServerNames(options.names)
  // A common name of more than 64 characters is no common name (RFC 5280 appendix A.1); localhost always fits.
  const commonName = names.find(({ value }) => value.length <= 64)?.value ?? 'localhost'
  return issue(authority, { purpose: 'serverAuth', commonName, names }, options)
}

/**
 * Issues a client certificate: for `clientAuth` only, under a name of its own.
 *
 * @throws {@link PkiError} ERR_NAME_INVALID, ERR_DAYS_INVALID, ERR_KEY_TYPE_INVALID, ERR_CA_INVALID
 * @throws {@link ArgumentError} ERR_OPTION_UNKNOWN, ERR_ARGUMENT_INVALID
 * @example
 * ```ts
 * const { ca, cert, key } = await issueClient(authority, { name: 'alice' })
 * await using docker = await connect({ host: 'tcp://build01.example.com:2376', ca, cert, key })
 * ```
 */
export async function issueClient(authority: Authority, options: ClientOptions): Promise<IssuedCertificate> {
  checkOptions(options, ['name', 'days', 'keyType'], 'issueClient')
  const commonName = parseClientName(options.name)
  return issue(authority, { purpose: 'clientAuth', commonName, names: [] }, options)
}

interface Leaf {
  readonly purpose: Purpose
  readonly commonName: string
  readonly names: readonly ServerName[]
}

async function issue(authority: Authority, leaf: Leaf, options: LeafOptions): Promise<IssuedCertificate> {
  checkIssuer(authority, leaf.purpose)
  const { days, keyType } = checkLeafOptions(options)
  const period = periodOf(days, authority.facts)
  const keys = await generateKeys(keyType)
  const extensions = leafExtensions(keys, authority.keyId, leaf.purpose, leaf.names)
  const x509 = authority.sign({ subject: distinguishedName(leaf.commonName), keys, period, extensions })
  const facts = readCertificate(x509)
  const values = {
    ca: authority.certificate,
    cert: x509.toString(),
    facts,
    names: leaf.names,
    cutToAuthority: period.cut,
  }
  return new IssuedCertificate(values, await exportPrivateKey(keys.privateKey))
}

/** Reads the options before anything is made, and fills in the defaults. */
export function checkLeafOptions({ days = DEFAULT_LEAF_DAYS, keyType = DEFAULT_KEY_TYPE }: LeafOptions): {
  days: number
  keyType: KeyType
} {
  return { days: parseDays(days, MAX_LEAF_DAYS), keyType: parseKeyType(keyType) }
}

export function checkIssuer(authority: Authority, purpose: Purpose): void {
  if (!(authority instanceof Authority)) {
    throw new ArgumentError('ERR_ARGUMENT_INVALID', {
      tried: 'issuing a certificate',
      got: 'the first argument is no Authority',
      todo: 'Give it what createAuthority() or loadAuthority() returned.',
    })
  }
  const { purposes, subject } = authority.facts
  // Go and OpenSSL hold the extended key usage of a CA against what it signs.
  if (purposes === undefined || purposes.includes(purpose) || purposes.includes('anyExtendedKeyUsage')) return
  throw new PkiError('ERR_CA_INVALID', {
    tried: `issuing a certificate for ${purpose}`,
    got: `${subject} may only sign for ${purposes.join(' and ')}`,
    todo: 'Take an authority without an extended key usage.',
  })
}
