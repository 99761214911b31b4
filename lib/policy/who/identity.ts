import { X509Certificate } from 'node:crypto'
import { isIssuedBy, openCertificate, readOwnerNames } from '../../identity/certificate.ts'

/** What a policy knows of a caller's certificate. */
export interface CertificateIdentity {
  /** The common name of the subject. Absent if it has none or several, or one with invisible or control characters. */
  readonly commonName?: string
  /** The organizational units of the subject. */
  readonly organizationalUnits: readonly string[]
  /** The DNS names, in lower case. */
  readonly dns: readonly string[]
  /** The URIs. */
  readonly uris: readonly string[]
  /** IPv4, and IPv6 in its short form. */
  readonly ips: readonly string[]
  /** SHA-256 of the certificate, in upper case with colons. */
  readonly fingerprint256: string
  /** That of the first certificate of its line, if a gateway has renewed it. */
  readonly renewedFrom256?: string
  /** The same of the known CA certificates whose key signed it. */
  readonly issuerFingerprints256: readonly string[]
}

/** A caller: the owner of a verified certificate, or somebody who may use a local socket. */
export type PolicyIdentity =
  | {
      /** The certificate that the TLS handshake verified. */
      readonly certificate: CertificateIdentity
    }
  | {
      /** The name that the socket was given. */
      readonly socket: string
    }

/**
 * The identity of a caller by its certificate. It reads the bytes of the certificate, and doesn't verify it: pass one that the
 * TLS handshake has verified.
 *
 * @param certificate - PEM (its first certificate is read), the bytes of PEM or DER, or a certificate of node:crypto
 * @param authorities - certificates of CAs, for rules that name an `issuer`
 * @throws {@link IdentityError} ERR_IDENTITY_NOT_PEM, ERR_IDENTITY_CERT_INVALID
 * @example
 * ```ts
 * const identity = identityOfCertificate(await readFile('cert.pem'), [await readFile('ca.pem')])
 * ```
 */
export function identityOfCertificate(
  certificate: string | Uint8Array | X509Certificate,
  authorities: readonly (string | Uint8Array | X509Certificate)[] = [],
): PolicyIdentity {
  const x509 = open(certificate)
  const issuers = authorities.map(open).filter((ca) => isIssuedBy(x509, [ca]))
  return {
    certificate: {
      ...readOwnerNames(x509),
      fingerprint256: x509.fingerprint256,
      issuerFingerprints256: issuers.map(({ fingerprint256 }) => fingerprint256),
    },
  }
}

function open(certificate: string | Uint8Array | X509Certificate): X509Certificate {
  return certificate instanceof X509Certificate ? certificate : openCertificate(certificate)
}
