import type { CertificateFacts } from '../../identity/certificate.ts'
import type { Facts } from './step.ts'

/** What a program wants to know of a certificate; dates in ISO 8601. */
export function certificateFacts(certificate: CertificateFacts): Facts {
  const { subject, issuer, names, validFrom, validTo, purposes, fingerprint256 } = certificate
  return {
    subject,
    issuer,
    names: [...names.dns, ...names.ip],
    validFrom: validFrom.toISOString(),
    validTo: validTo.toISOString(),
    ...(purposes !== undefined && { purposes }),
    fingerprint256,
  }
}
