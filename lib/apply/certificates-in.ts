import type { X509Certificate } from 'node:crypto'
import { isDockerMtlsError } from '../base/errors.ts'
import { openCertificate, readCertificate, splitPem, type CertificateFacts } from '../identity/certificate.ts'

/** The certificates in a file of a host. None if the file is invalid, which is reported elsewhere. */
export function certificatesIn(pem: string | undefined): CertificateFacts[] {
  return unlessInvalid(() => openedIn(pem).map((one) => readCertificate(one)))
}

/** The same, opened. */
export function openedIn(pem: string | undefined): X509Certificate[] {
  return unlessInvalid(() => splitPem(pem ?? '').map((text) => openCertificate(text)))
}

function unlessInvalid<T>(read: () => T[]): T[] {
  try {
    return read()
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return []
  }
}
