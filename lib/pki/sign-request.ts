import { readCertificate, type CertificateFacts } from '../identity/certificate.ts'
import type { Authority } from './ca.ts'
import { leafExtensions } from './extensions.ts'
import { checkIssuer } from './issue.ts'
import { publicPart } from './key-type.ts'
import { hasPrimeModulus, PRIME_MODULUS } from './prime-modulus.ts'
import { OTHER_KEY } from './request-key.ts'
import { DEFAULT_LEAF_DAYS, MAX_LEAF_DAYS, parseDays, periodOf } from './lifetime.ts'
import { readRequest, type ReadRequestOptions, type RequestFacts } from './read-request.ts'
import { distinguishedName } from './sign.ts'
import { PkiError } from '../base/errors.ts'
import { checkOptions } from '../base/options.ts'

/** For {@link signRequest}. */
export interface SignOptions extends ReadRequestOptions {
  /**
   * The lifetime of the certificate in days, 1 to 3,650. It never outlives its CA.
   *
   * @defaultValue 397 days
   */
  readonly days?: number
}

/** A signed request. Nothing in it is secret. */
export interface SignedRequest {
  /** The CA certificate, `ca.pem`, as PEM. */
  readonly ca: string
  /** The client certificate, `cert.pem`, as PEM. */
  readonly cert: string
  /** Facts of the client certificate. */
  readonly facts: CertificateFacts
  /** The request that was signed. */
  readonly request: RequestFacts
  /** Was the lifetime shortened because the CA expires earlier? */
  readonly cutToAuthority: boolean
}

/**
 * Signs a client's request. Only the name and the public key are taken from it; the certificate is for `clientAuth` only,
 * like those of {@link issueClient}. The holder of the key can become root on every host that trusts this CA, so first
 * compare `keyFingerprint256` with the one shown on the client's machine.
 *
 * @param authority - the CA that signs
 * @param request - the request, PKCS#10 as PEM
 * @param options - the lifetime, and the client's name if it should differ from the request's
 * @returns the certificate, its CA and the request
 * @throws {@link PkiError} ERR_REQUEST_INVALID, ERR_REQUEST_REFUSED, ERR_NAME_INVALID, ERR_DAYS_INVALID, ERR_CA_INVALID
 * @throws {@link ArgumentError} ERR_OPTION_UNKNOWN, ERR_ARGUMENT_INVALID
 * @example
 * ```ts
 * const { ca, cert } = await signRequest(authority, await readFile('alice.csr'), { days: 90 })
 * ```
 */
export async function signRequest(
  authority: Authority,
  request: string | Uint8Array,
  options: SignOptions = {},
): Promise<SignedRequest> {
  checkOptions(options, ['days', 'name', 'file'], 'signRequest')
  const { days = DEFAULT_LEAF_DAYS, ...reading } = options
  checkIssuer(authority, 'clientAuth')
  const life = parseDays(days, MAX_LEAF_DAYS)
  return signRead(authority, readRequest(request, reading), life)
}

/**
 * Signs a request that {@link readRequest} has checked.
 *
 * @throws {@link PkiError} ERR_REQUEST_REFUSED
 */
export async function signRead(authority: Authority, request: RequestFacts, days: number): Promise<SignedRequest> {
  if (await hasPrimeModulus(request.publicKey))
    throw new PkiError('ERR_REQUEST_REFUSED', {
      tried: `signing the request of ${request.name}`,
      got: PRIME_MODULUS,
      todo: OTHER_KEY,
    })
  const keys = publicPart(request.publicKey)
  const period = periodOf(days, authority.facts)
  const extensions = leafExtensions(keys, authority.keyId, 'clientAuth', [])
  const x509 = authority.sign({ subject: distinguishedName(request.name), keys, period, extensions })
  return {
    ca: authority.certificate,
    cert: x509.toString(),
    facts: readCertificate(x509),
    request,
    cutToAuthority: period.cut,
  }
}
