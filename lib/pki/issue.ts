import { inspect } from 'node:util'
import { ArgumentError, PkiError } from '../base/errors.ts'
import { readCertificate, type CertificateFacts } from '../identity/certificate.ts'
import { Authority } from './ca.ts'
import { parseClientName } from './client-name.ts'
import { exportPrivateKey } from './encrypted-key.ts'
import { leafExtensions, type Purpose } from './extensions.ts'
import { DEFAULT_KEY_TYPE, generateKeys, parseKeyType, type KeyType } from './key-type.ts'
import { checkUntil, DEFAULT_LEAF_DAYS, MAX_LEAF_DAYS, parseDays, periodOf } from './lifetime.ts'
import { parseServerNames, type ServerName } from './server-name.ts'
import { distinguishedName } from './sign.ts'
import { checkOptions } from '../base/options.ts'
import { enumerate } from '../base/text.ts'

/** Options of every server and client certificate. */
export interface LeafOptions {
  /**
   * Its lifetime in days, 1 to 3,650. It never outlives its CA.
   *
   * @defaultValue 397 days
   */
  readonly days?: number
  /**
   * The type of its key.
   *
   * @defaultValue `'p256'`
   */
  readonly keyType?: KeyType
}

/** Options of {@link issueServer}. */
export interface ServerOptions extends LeafOptions {
  /** The DNS names and addresses that clients use to connect to the daemon. `localhost`, `127.0.0.1` and `::1` are added. */
  readonly names: readonly string[]
}

/** Options of {@link issueClient}. */
export interface ClientOptions extends LeafOptions {
  /** The client's name, which dockerd takes as the user name: 1 to 64 letters, digits, `-` and `_`. */
  readonly name: string
  /** The end of its lifetime, to the second, instead of `days`. */
  readonly until?: Date
}

interface IssuedValues {
  readonly ca: string
  readonly cert: string
  readonly facts: CertificateFacts
  readonly names: readonly ServerName[]
  readonly cutToAuthority: boolean
}

/**
 * A newly issued certificate with its key and its CA, as PEM. Pass `ca`, `cert` and `key` to `connect()`. The property `key`
 * isn't enumerable, so `console.log`, `JSON.stringify` and spreads leave it out.
 */
export class IssuedCertificate {
  /** The CA certificate, `ca.pem`, as PEM. */
  readonly ca: string
  /** The certificate, `cert.pem` or `server-cert.pem`, as PEM. */
  readonly cert: string
  /** Facts of the certificate. */
  readonly facts: CertificateFacts
  /** The names of a server, as you passed them and as in the certificate; empty for a client. */
  readonly names: readonly ServerName[]
  /** Was the lifetime shortened because the CA expires earlier? */
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

  /** The private key, unencrypted PKCS#8 as PEM: dockerd and the Docker CLI can't read encrypted keys. */
  get key(): string {
    return this.#key
  }

  /** Returns the public parts; the private key is left out. */
  toJSON(): {
    /** The CA certificate, PEM. */
    ca: string
    /** The certificate, PEM. */
    cert: string
    /** Facts of the certificate. */
    facts: CertificateFacts
    /** The names of a server. */
    names: readonly ServerName[]
    /** Whether the lifetime was shortened because the CA expires earlier. */
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
 * Issues a server certificate. It is for `serverAuth` only, so it can't be used as a client certificate.
 *
 * @param authority - the CA that signs
 * @param options - the server's names, and the lifetime and key type
 * @returns the certificate with its key and CA
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
 * Issues a client certificate. It is for `clientAuth` only.
 *
 * @param authority - the CA that signs
 * @param options - the client's name, and the lifetime and key type
 * @returns the certificate with its key and CA
 * @throws {@link PkiError} ERR_NAME_INVALID, ERR_DAYS_INVALID, ERR_KEY_TYPE_INVALID, ERR_CA_INVALID
 * @throws {@link ArgumentError} ERR_OPTION_UNKNOWN, ERR_ARGUMENT_INVALID
 * @example
 * ```ts
 * const { ca, cert, key } = await issueClient(authority, { name: 'alice' })
 * await using docker = await connect({ host: 'tcp://build01.example.com:2376', ca, cert, key })
 * ```
 */
export async function issueClient(authority: Authority, options: ClientOptions): Promise<IssuedCertificate> {
  checkOptions(options, ['name', 'days', 'until', 'keyType'], 'issueClient')
  const commonName = parseClientName(options.name)
  return issue(authority, { purpose: 'clientAuth', commonName, names: [] }, options)
}

interface Leaf {
  readonly purpose: Purpose
  readonly commonName: string
  readonly names: readonly ServerName[]
}

async function issue(
  authority: Authority,
  leaf: Leaf,
  { until, ...options }: LeafOptions & Pick<ClientOptions, 'until'>,
): Promise<IssuedCertificate> {
  checkIssuer(authority, leaf.purpose)
  const { days, keyType } = checkLeafOptions(options)
  const period = periodOf(until === undefined ? days : checkUntil(until), authority.facts)
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

/** Checks the options before anything is created, and fills in defaults. */
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
      got: 'the first argument is not an Authority',
      todo: 'Pass the result of createAuthority() or loadAuthority().',
    })
  }
  const { purposes, subject } = authority.facts
  // Go and OpenSSL apply the extended key usage of a CA to the certificates that it signs.
  if (purposes === undefined || purposes.includes(purpose) || purposes.includes('anyExtendedKeyUsage')) return
  throw new PkiError('ERR_CA_INVALID', {
    tried: `issuing a certificate for ${purpose}`,
    got: `${subject} may only sign for ${enumerate(purposes)}`,
    todo: 'Use a CA without an extended key usage.',
  })
}
