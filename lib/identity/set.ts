import type { KeyObject } from 'node:crypto'
import { createHash } from 'node:crypto'
import type { SecureContext, SecureContextOptions } from 'node:tls'
import { IdentityError } from '../base/errors.ts'
import { ours, sentence } from '../base/sentence.ts'
import { codeOf } from '../base/system-error.ts'
import type { Warning } from '../base/warning.ts'
import { checkAuthorityDates, checkChainDates } from './authorities.ts'
import type { CertificateFacts } from './certificate.ts'
import type { Link } from './chain.ts'
import { checkDates } from './checks.ts'
import { formatPem } from './pem.ts'
import { PARTS, type Credentials } from './credentials.ts'
import { warningsOf, type Observed } from './warnings.ts'

/** How util.inspect asks an object for its own words (Node, util.inspect.custom). */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/** What a checked reading consists of. */
export interface SetParts {
  readonly client: Link
  /** What cert.pem holds beside it: all of it is sent, as Docker's own client does. */
  readonly intermediates: readonly Link[]
  /** The certificates that stand above the client's, the CA of ca.pem last; none where it has a foreign CA. */
  readonly above: readonly Link[]
  readonly authorities: readonly Link[]
  readonly key: KeyObject
  readonly observed: Observed
  readonly digest: string
}

/** One consistent reading of key, certificate and CA. What changes is another set: transport compares them by `===`. */
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
   * The TLS context of this set: trust is ca.pem alone. It is made at the first call, and kept for its policy.
   *
   * @param policy - protocol versions and ciphers
   * @throws {@link IdentityError} ERR_IDENTITY_CERT_INVALID, where this Node's OpenSSL refuses what the checks passed
   */
  secureContext(policy: SecureContextOptions): SecureContext {
    if (this.#made?.policy !== policy) this.#made = { policy, context: this.#makeContext(policy) }
    return this.#made.context
  }

  /** Was it made from these very texts? @internal */
  isOf(digest: string): boolean {
    return this.#parts.digest === digest
  }

  /** Time passes while a process lives: checked again before each connection. @internal */
  checkDates(now: number): void {
    const { client, above, authorities } = this.#parts
    checkDates(client, now)
    checkAuthorityDates(authorities, now)
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
      // Not imported at the top: it costs 6 ms, which whoever only looks at certificates needn't pay.
      return process.getBuiltinModule('node:tls').createSecureContext({
        ...policy,
        ca: authorities.map(pemOf),
        // Every CA in ca.pem is trusted as it stands, as in Go, also where it isn't self-signed.
        allowPartialTrustChain: true,
        cert: [client, ...intermediates].map(pemOf).join(''),
        key: key.export({ type: 'pkcs8', format: 'pem' }),
      })
    } catch (cause) {
      throw isOfOpenssl(cause) ? contextRefused(client.name, cause) : cause
    }
  }
}

/** Tells the texts of one reading from those of another without keeping them. */
export function digestOf(credentials: Credentials): string {
  const hash = createHash('sha256')
  for (const part of PARTS) hash.update(`${credentials[part].text.length}:`).update(credentials[part].text)
  return hash.digest('base64')
}

function pemOf({ x509 }: Link): string {
  return formatPem('CERTIFICATE', x509.raw)
}

/** Anything else is no word on the certificate: a policy that Node doesn't know, or a mistake of ours. */
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
