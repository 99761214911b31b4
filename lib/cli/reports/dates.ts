import { DAY_MS } from '../../base/expiry.ts'
import type { CertificateFacts } from '../../identity/certificate.ts'

/** Days until a date, rounded, so that a new certificate for 397 days has 397. Negative after the date. */
export function daysLeft(date: Date): number {
  const days = (date.getTime() - Date.now()) / DAY_MS
  return days < 0 ? Math.floor(days) : Math.round(days)
}

/** `2027-12-26`, in UTC like all dates of certificates. */
export function day(date: Date): string {
  return date.toISOString().slice(0, 10)
}

/** `P-256`, `RSA 4096`, `Ed25519`. */
export function keyName({ key: { type, bits, curve } }: CertificateFacts): string {
  if (curve !== undefined) return curve
  if (bits !== undefined) return `RSA ${bits}`
  return type === 'ed25519' ? 'Ed25519' : type
}
