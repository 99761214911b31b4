import { checkOptions } from '../base/options.ts'
import { resolve } from 'node:path'
import { ArgumentError } from '../base/errors.ts'
import { warningTexts, type Warning } from '../base/warning.ts'
import type { CertificateFacts } from './certificate.ts'
import type { Rules } from './read-set.ts'
import type { Clock, Reader } from './reload.ts'
import type { IdentitySet } from './set.ts'

export type { IdentitySet } from './set.ts'

/** The method that util.inspect calls to show an object (Node, util.inspect.custom). */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/** An identity given as values: PEM, as text or as its bytes. */
export interface IdentityValues {
  /** The CAs that are trusted for the daemon's certificate. */
  readonly ca: string | Uint8Array
  /** The client certificate, followed by its intermediate CAs, if any. */
  readonly cert: string | Uint8Array
  /** The client's private key: PKCS#8 or the older formats, encrypted or not. */
  readonly key: string | Uint8Array
  /** Decrypts an encrypted key. */
  readonly passphrase?: string | Uint8Array | undefined
}

/** Options of {@link loadIdentity}. */
export interface IdentityOptions {
  /** Decrypts an encrypted key. It is kept in memory, to read the key again when its file changes. */
  readonly passphrase?: string | Uint8Array | undefined
  /**
   * Accepts a client certificate that no CA in ca.pem has signed, for daemons with different CAs for servers and clients.
   * This doesn't weaken security: the daemon verifies the client certificate.
   *
   * @defaultValue false
   */
  readonly foreignClientCa?: boolean | undefined
}

/** A client's key and certificate, and the CAs that it trusts. They are checked, and read again when the files change. */
export class Identity {
  /** The folder that it was read from, or the names of the options with its values. */
  readonly source: string
  readonly #reader: Reader
  readonly #clock: Clock

  /** @internal */
  constructor(source: string, reader: Reader, clock: Clock) {
    this.source = source
    this.#reader = reader
    this.#clock = clock
  }

  /** The client certificate. */
  get client(): CertificateFacts {
    return this.#reader.set.client
  }

  /** The CAs that are trusted for the daemon's certificate. */
  get authorities(): readonly CertificateFacts[] {
    return this.#reader.set.authorities
  }

  /** Problems that don't prevent a connection, such as a certificate that expires soon. One sentence each. */
  get warnings(): readonly string[] {
    return warningTexts(this.observations)
  }

  /** The warnings as data. @internal */
  get observations(): readonly Warning[] {
    return this.#reader.set.warnings(this.#clock())
  }

  /**
   * The certificates and key to connect with now: the same object as before while nothing has changed.
   *
   * @throws {@link IdentityError} ERR_IDENTITY_CHANGED_INVALID, ERR_IDENTITY_EXPIRED, ERR_IDENTITY_CA_EXPIRED
   * @internal
   */
  current(): Promise<IdentitySet> {
    return this.#reader.current()
  }

  /** Everything but the key. */
  toJSON(): object {
    const { source, client, authorities, warnings } = this
    return { source, client, authorities, warnings }
  }

  /** @internal */
  [INSPECT](_depth: number, options: object, inspect: (value: unknown, options: object) => string): string {
    return `Identity ${inspect(this.toJSON(), options)}`
  }
}

/**
 * Reads and checks a client's certificate, key and CA. Files that no daemon would accept fail here, each with its own code,
 * before anything is sent. The files of a folder are checked for changes before each new connection.
 *
 * @param source - the folder with `ca.pem`, `cert.pem` and `key.pem`, or their contents
 * @param options - a passphrase, and how strictly the CA of the client certificate is checked
 * @returns the identity, with its warnings
 * @throws {@link IdentityError} with one code of {@link IdentityErrorCode}
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, ERR_OPTION_UNKNOWN
 * @example
 * ```ts
 * const identity = await loadIdentity('/home/alice/.docker')
 * for (const warning of identity.warnings) console.error(warning)
 * ```
 */
export function loadIdentity(source: string | IdentityValues, options: IdentityOptions = {}): Promise<Identity> {
  return openIdentity(source, options, Date.now)
}

/** {@link loadIdentity} with another clock. @internal */
export async function openIdentity(
  source: string | IdentityValues,
  options: IdentityOptions,
  clock: Clock,
): Promise<Identity> {
  checkOptions(options, ['passphrase', 'foreignClientCa'], 'loadIdentity()')
  if (typeof source === 'string') {
    if (source === '' || source.includes('\0')) throw invalid('the folder of the identity', "it isn't a path")
    // The process may change its working directory later.
    const folder = resolve(source)
    return new Identity(folder, await open(folder, rulesOf(options), clock), clock)
  }
  checkOptions(source, ['ca', 'cert', 'key', 'passphrase'], 'loadIdentity() with certificates as values')
  const rules = rulesOf({ ...options, passphrase: options.passphrase ?? source.passphrase })
  return new Identity('the options ca, cert and key', await open(source, rules, clock), clock)
}

/** Loads the code that reads and checks only here: a program that uses a local socket doesn't need it. */
async function open(source: string | IdentityValues, rules: Rules, clock: Clock): Promise<Reader> {
  const { FolderReader, valuesReader } = await import('./reload.ts')
  return typeof source === 'string' ? FolderReader.open(source, rules, clock) : valuesReader(source, rules, clock)
}

function rulesOf({ passphrase, foreignClientCa = false }: IdentityOptions): Rules {
  if (passphrase !== undefined && typeof passphrase !== 'string' && !(passphrase instanceof Uint8Array)) {
    throw invalid('the option passphrase', `it is of type ${typeof passphrase}`)
  }
  if (typeof foreignClientCa !== 'boolean') {
    throw invalid('the option foreignClientCa', `it is of type ${typeof foreignClientCa}`)
  }
  // A copy, since the caller may wipe the original.
  return { passphrase: passphrase instanceof Uint8Array ? Uint8Array.from(passphrase) : passphrase, foreignClientCa }
}

function invalid(what: string, got: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `reading ${what}`,
    got,
    todo: "Call  loadIdentity('/path/to/folder')  or  loadIdentity({ ca, cert, key }).",
  })
}
