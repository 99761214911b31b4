import { isInPlace, type KnownCertificate } from './known.ts'
import type { PlacedCertificate } from './plan.ts'

/**
 * What is in its place and ends within a length of time, or has ended: the first to end comes first.
 *
 * @param known - the certificates
 * @param within - in milliseconds
 * @param now - the time of day in milliseconds
 */
export function expiring(known: readonly KnownCertificate[], within: number, now: number): PlacedCertificate[] {
  return known
    .filter(isInPlace)
    .filter(({ notAfter }) => Date.parse(notAfter) - now <= within)
    .toSorted((one, other) => Date.parse(one.notAfter) - Date.parse(other.notAfter))
}
