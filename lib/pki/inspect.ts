import { X509Certificate } from 'node:crypto'
import { isDockerMtlsError, PkiError } from '../base/errors.ts'
import { openCertificate, readCertificate, type CertificateFacts } from '../identity/certificate.ts'
import { readExtensions, type ExtensionFacts } from './read-extensions.ts'
import { judge, type Verdict } from './verdicts.ts'

/** Everything that a certificate says, and what the other side would make of it. */
export interface CertificateInspection extends CertificateFacts, ExtensionFacts {
  /** One for each role: as a client's, as a server's, and as a CA's. */
  readonly verdicts: readonly Verdict[]
}

/**
 * Reads a certificate whole: its facts, the extensions that node:crypto doesn't show, and what dockerd would make of it as
 * a client's, the Docker CLI and Node as a server's, and all of them as a CA's. Whose CA signed it doesn't count here.
 *
 * @param input - PEM (its first certificate), the bytes of PEM or DER, or a certificate of node:crypto
 * @param name - what it is called in an error's message, a file's path mostly
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
      got: isDockerMtlsError(cause) ? cause.got : `it is not built as RFC 5280 has it (${(cause as Error).message})`,
      todo: 'Give one certificate as PEM or DER.',
      cause,
    })
  }
}
