import type { KeyObject, X509Certificate } from 'node:crypto'
import { isDockerMtlsError, PkiError } from '../base/errors.ts'
import { checkOptions } from '../base/options.ts'
import { ours, sentence } from '../base/sentence.ts'
import { certificatesIn, publicKeyOf, readCertificate, type CertificateFacts } from '../identity/certificate.ts'
import { isRenewalIssuer, type Origin } from '../identity/origin.ts'
import { Authority } from './ca.ts'
import { parseClientName } from './client-name.ts'
import { exportPrivateKey } from './encrypted-key.ts'
import { EXTENSION, leafExtensions } from './extensions.ts'
import { copyOfExtension, issuerExtensions, originExtension, signedIssuerExtensions } from './issuer-extensions.ts'
import { checkIssuer, checkLeafOptions, IssuedCertificate, type ClientOptions } from './issue.ts'
import { generateKeys, publicPart } from './key-type.ts'
import { MAX_LEAF_DAYS, parseDays, periodOf } from './lifetime.ts'
import { openCaKey } from './load-ca.ts'
import { readSubject } from './read-extensions.ts'
import { distinguishedName, signCertificate, verifySigned, type Signer } from './sign.ts'

/** In days. A machine that clients can reach has its key. */
export const DEFAULT_ISSUER_DAYS = 90

/**
 * Creates an issuer: the CA of a gateway, which renews the certificates of its clients. Nothing but a gateway of docker-mtls accepts it
 * or what it issues: its certificate has a critical extension that no other program knows.
 *
 * @param authority - the CA of the clients
 * @param options - its name, as those of clients, and the lifetime (default: 90 days) and key type
 * @returns the certificate with its key. Only the host of the gateway needs them
 * @throws {@link PkiError} ERR_NAME_INVALID, ERR_DAYS_INVALID, ERR_KEY_TYPE_INVALID, ERR_CA_INVALID
 * @throws {@link ArgumentError} ERR_OPTION_UNKNOWN, ERR_ARGUMENT_INVALID
 * @example
 * ```ts
 * const { cert, key } = await createIssuer(authority, { name: 'renewals' })
 * ```
 */
export async function createIssuer(authority: Authority, options: ClientOptions): Promise<IssuedCertificate> {
  checkOptions(options, ['name', 'days', 'keyType'], 'createIssuer')
  const name = parseClientName(options.name)
  checkIssuer(authority, 'clientAuth')
  const { days, keyType } = checkLeafOptions({ days: DEFAULT_ISSUER_DAYS, ...options })
  const period = periodOf(days, authority.facts)
  const keys = await generateKeys(keyType)
  const extensions = signedIssuerExtensions(keys, authority.keyId)
  const x509 = authority.sign({ subject: distinguishedName(name), keys, period, extensions })
  const values = { ca: authority.certificate, cert: x509.toString(), facts: readCertificate(x509), names: [] }
  return new IssuedCertificate({ ...values, cutToAuthority: period.cut }, await exportPrivateKey(keys.privateKey))
}

/**
 * Issues another certificate for an issuer, for the same key: what it has issued stays valid at its gateway.
 *
 * @param old - a certificate that the caller has checked
 */
export function recertifyIssuer(
  authority: Authority,
  old: X509Certificate,
  days: number,
): CertificateFacts & { readonly cert: string } {
  checkIssuer(authority, 'clientAuth')
  const subject = readSubject(old)
  if (subject === undefined) throw invalid('its certificate has no subject')
  const keys = publicPart(publicKeyOf(old))
  const period = periodOf(parseDays(days, MAX_LEAF_DAYS), authority.facts)
  const x509 = authority.sign({ subject, keys, period, extensions: signedIssuerExtensions(keys, authority.keyId) })
  return { ...readCertificate(x509), cert: x509.toString() }
}

/** What a renewed certificate repeats, and how long it lives. */
export interface Renewal {
  /** The certificate that the client has now. */
  readonly old: X509Certificate
  readonly origin: Origin
  readonly publicKey: KeyObject
  /** In milliseconds. */
  readonly life: number
  /** No certificate lives longer than these. */
  readonly ends: readonly Date[]
}

/** An issuer with its key, at a gateway. */
export class Issuer {
  /** Signed by the CA of the clients: whom to believe, and what a revocation list of that CA revokes. */
  readonly certificate: X509Certificate
  /** The same CA, signed by itself, for OpenSSL. It exists only in this process. */
  readonly anchor: X509Certificate
  readonly facts: CertificateFacts
  readonly #authority: Authority

  /** @internal */
  constructor(certificate: X509Certificate, signer: Signer) {
    this.certificate = certificate
    this.facts = readCertificate(certificate, "the issuer's certificate")
    const keys = publicPart(publicKeyOf(certificate))
    const period = { notBefore: this.facts.validFrom, notAfter: this.facts.validTo }
    this.anchor = signCertificate({ subject: signer.name, keys, period, extensions: issuerExtensions(keys) }, signer)
    verifySigned(this.anchor, keys, this.anchor)
    this.#authority = new Authority(certificate, signer)
  }

  /** Issues a certificate with the subject and the names of the old one, for another key. */
  renew({ old, origin, publicKey, life, ends }: Renewal): X509Certificate {
    const subject = readSubject(old)
    if (subject === undefined) throw new RangeError('the certificate has no subject')
    const keys = publicPart(publicKey)
    const validTo = new Date(Math.min(this.facts.validTo.getTime(), ...ends.map((end) => end.getTime())))
    const names = copyOfExtension(old, EXTENSION.subjectAltName)
    return this.#authority.sign({
      subject,
      keys,
      period: periodOf(new Date(Date.now() + life), { validFrom: this.facts.validFrom, validTo }),
      extensions: [
        ...leafExtensions(keys, this.#authority.keyId, 'clientAuth', []),
        ...(names === undefined ? [] : [names]),
        originExtension(origin),
      ],
    })
  }
}

/**
 * Loads an issuer, as PEM.
 *
 * @throws {@link PkiError} ERR_ISSUER_INVALID
 */
export function loadIssuer({ cert, key }: { readonly cert: string; readonly key: string }): Issuer {
  try {
    const [x509] = certificatesIn(cert, "the issuer's certificate")
    if (x509 === undefined) throw invalid('its PEM contains no certificate')
    if (!isRenewalIssuer(x509))
      throw invalid('its certificate is another one: a gateway must never have the key of a CA')
    const privateKey = openCaKey(key, undefined, NEW_ISSUER)
    if (!x509.checkPrivateKey(privateKey)) throw invalid('its key is of another certificate')
    const name = readSubject(x509)
    if (name === undefined) throw invalid('its certificate has no subject')
    return new Issuer(x509, { name, key: privateKey })
  } catch (cause) {
    if (isDockerMtlsError(cause, 'ERR_ISSUER_INVALID')) throw cause
    throw invalid(isDockerMtlsError(cause) ? cause.got : (cause as Error).message, cause)
  }
}

const NEW_ISSUER = ours('cert', 'issuer')

function invalid(got: string, cause?: unknown): PkiError {
  return new PkiError('ERR_ISSUER_INVALID', {
    tried: 'loading the issuer of a gateway',
    got,
    todo: sentence`Copy the two files again that this command creates on the machine of the CA:  ${NEW_ISSUER}`,
    cause,
  })
}
