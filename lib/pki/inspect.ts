import { X509Certificate } from 'node:crypto'
import { isDockerMtlsError, PkiError } from '../base/errors.ts'
import { openCertificate, readCertificate, type CertificateFacts } from '../identity/certificate.ts'
import { readExtensions, type ExtensionFacts } from './read-extensions.ts'
import { judge, type Verdict } from './verdicts.ts'

/** The facts of a certificate, and whether the other side would accept it. */
export interface CertificateInspection extends CertificateFacts, ExtensionFacts {
  /** One verdict for each role: client, server and CA. */
  readonly verdicts: readonly Verdict[]
}

/**
 * Reads a certificate: its facts, the extensions that node:crypto doesn't show, and whether dockerd would accept it from a
 * client, the Docker CLI and Node from a server, and all of them as a CA. It doesn't check which CA signed it.
 *
 * @param input - PEM (the first certificate is used), the bytes of PEM or DER, or a certificate of node:crypto
 * @param name - how errors name it, usually the path of its file
 * @returns facts and verdicts
 * @throws {@link PkiError} ERR_CERTIFICATE_INVALID
 * @example
 * ```ts
 * const { verdicts } = inspectCertificate(await readFile('cert.pem'), 'cert.pem')
 * for (const { role, ok, because } of verdicts) console.log(role, ok ? 'yes' : 'no', because)
 * ```
 */
export function inspectCertificate(
  input: string | Uint8Array | X509Certificate,
  name = 'the certificate',
): CertificateInspection {
  try {
    const certificate = input instanceof X509Certificate ? input : openCertificate(input, name)
    const facts = { ...readCertificate(certificate, name), ...readExtensions(certificate) }
    return { ...facts, verdicts: judge(facts) }
  } catch (cause) {
    throw new PkiError('ERR_CERTIFICATE_INVALID', {
      tried: `reading ${name}`,
      got: isDockerMtlsError(cause)
        ? cause.got
        : `it is not encoded as RFC 5280 requires (${(cause as Error).message})`,
      todo: 'Pass a certificate as PEM or DER.',
      cause,
    })
  }
}
