import { isDockerMtlsError } from '../base/errors.ts'
import { openCertificate, readCertificate, splitPem, type CertificateFacts } from '../identity/certificate.ts'

/** The certificates in a file of a host. None if the file is invalid, which is reported elsewhere. */
export function certificatesIn(pem: string | undefined): CertificateFacts[] {
  try {
    return splitPem(pem ?? '').map((text) => readCertificate(openCertificate(text)))
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return []
  }
}
