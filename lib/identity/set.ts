import type { KeyObject } from 'node:crypto'
import { createHash } from 'node:crypto'
import type { SecureContext, SecureContextOptions } from 'node:tls'
import { IdentityError } from '../base/errors.ts'
import { ours, sentence } from '../base/sentence.ts'
import { codeOf } from '../base/system-error.ts'
import type { Warning } from '../base/warning.ts'
import { checkCaDates, checkChainDates } from './ca-checks.ts'
import type { CertificateFacts } from './certificate.ts'
import type { Link } from './chain.ts'
import { checkDates } from './checks.ts'
import { formatPem } from './pem.ts'
import { PARTS, type Credentials } from './credentials.ts'
import { warningsOf, type Observed } from './warnings.ts'

/** The method that util.inspect calls to show an object (Node, util.inspect.custom). */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/** The parts of a checked reading. */
export interface SetParts {
  readonly client: Link
  /** The other certificates in cert.pem. All of them are sent, as by Docker's own client. */
  readonly intermediates: readonly Link[]
  /** The certificates above the client's, the CA in ca.pem last; none if it has a foreign CA. */
  readonly above: readonly Link[]
  readonly authorities: readonly Link[]
  readonly key: KeyObject
  readonly observed: Observed
  readonly digest: string
}

/** One consistent reading of key, certificate and CA. A change makes another set: transport compares them by `===`. */
export class IdentitySet {
  readonly client: CertificateFacts
  readonly authorities: readonly CertificateFacts[]
  readonly #parts: SetParts
  #made?: { readonly policy: SecureContextOptions; readonly context: SecureContext }

  /** @internal */
  constructor(parts: SetParts) {
    this.#parts = parts
    this.client = parts.client.facts
    this.authorities = parts.authorities.map(({ facts }) => facts)
  }

  /**
   * The TLS context of this set, which trusts only ca.pem. It is created once for each policy.
   *
   * @param policy - protocol versions and ciphers
   * @throws {@link IdentityError} ERR_IDENTITY_CERT_INVALID if OpenSSL refuses files that have passed our checks
   */
  secureContext(policy: SecureContextOptions): SecureContext {
    if (this.#made?.policy !== policy) this.#made = { policy, context: this.#makeContext(policy) }
    return this.#made.context
  }

  /** The CA certificates that it trusts, as PEM. @internal */
  get caPem(): string {
    return this.#parts.authorities.map(pemOf).join('')
  }

  /** Was it created from exactly these texts? @internal */
  isOf(digest: string): boolean {
    return this.#parts.digest === digest
  }

  /** Checks the dates again before each connection, since certificates may expire while a process runs. @internal */
  checkDates(now: number): void {
    const { client, above, authorities } = this.#parts
    checkDates(client, now)
    checkCaDates(authorities, now)
    checkChainDates(above, now)
  }

  /** @internal */
  warnings(now: number): readonly Warning[] {
    return warningsOf(this.#parts.observed, now)
  }

  toJSON(): object {
    const { client, authorities } = this
    return { client, authorities }
  }

  /** @internal */
  [INSPECT](_depth: number, options: object, inspect: (value: unknown, options: object) => string): string {
    return `IdentitySet ${inspect(this.toJSON(), options)}`
  }

  #makeContext(policy: SecureContextOptions): SecureContext {
    const { client, intermediates, authorities, key } = this.#parts
    try {
      // Not imported at the top: it takes 6 ms, which only connections need.
      return process.getBuiltinModule('node:tls').createSecureContext({
        ...policy,
        ca: authorities.map(pemOf),
        // As in Go, every CA in ca.pem is trusted, even if it isn't self-signed.
        allowPartialTrustChain: true,
        cert: [client, ...intermediates].map(pemOf).join(''),
        key: key.export({ type: 'pkcs8', format: 'pem' }),
      })
    } catch (cause) {
      throw isOfOpenssl(cause) ? contextRefused(client.name, cause) : cause
    }
  }
}

/** A digest of the texts of a reading, to notice changes without keeping the texts. */
export function digestOf(credentials: Credentials): string {
  const hash = createHash('sha256')
  for (const part of PARTS) hash.update(`${credentials[part].text.length}:`).update(credentials[part].text)
  return hash.digest('base64')
}

function pemOf({ x509 }: Link): string {
  return formatPem('CERTIFICATE', x509.raw)
}

/** Any other error isn't about the certificate: an unknown policy, or a bug of ours. */
function isOfOpenssl(error: unknown): boolean {
  return error instanceof Error && /^ERR_(?:OSSL|SSL)_/.test(codeOf(error))
}

function contextRefused(name: string, cause: unknown): IdentityError {
  return new IdentityError('ERR_IDENTITY_CERT_INVALID', {
    tried: `using ${name} for TLS`,
    got: `OpenSSL refuses it (${codeOf(cause) || 'no code'})`,
    todo: sentence`Issue a new one on the machine with the CA:  ${ours('cert', 'client', 'NAME')}`,
  })
}
