import { isDockerMtlsError } from '../base/errors.ts'
import { openCertificate, readCertificate, splitPem, type CertificateFacts } from '../identity/certificate.ts'

/** The certificates of a file on somebody's host. In one that can't be read there are none; that is told of elsewhere. */
export function certificatesIn(pem: string | undefined): CertificateFacts[] {
  try {
    return splitPem(pem ?? '').map((text) => readCertificate(openCertificate(text)))
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return []
  }
}
