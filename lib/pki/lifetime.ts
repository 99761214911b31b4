import { PkiError } from '../base/errors.ts'
import type { CertificateFacts } from '../identity/certificate.ts'

export const DAY_MS = 86_400_000

/** An hour: clocks of hosts and laptops differ, and a certificate "from the future" is refused with a message about expiry. */
const BACKDATE_MS = 3_600_000

/** Ten years: a CA is replaced on every machine by hand. */
export const DEFAULT_CA_DAYS = 3650
/** Thirteen months: long enough to forget, short enough that a lost key ends by itself. */
export const DEFAULT_LEAF_DAYS = 397
/** A century; beyond it a date is more likely a slip than a plan. */
export const MAX_CA_DAYS = 36_500
/** No leaf outlives its CA anyway; Apple's own clients refuse server certificates beyond 825 days, Docker's don't. */
export const MAX_LEAF_DAYS = 3650

/** From when to when a certificate holds. */
export interface Period {
  readonly notBefore: Date
  readonly notAfter: Date
  /** Was it cut short, so as not to outlive the CA? */
  readonly cut: boolean
}

/**
 * Reads a life in days.
 *
 * @throws {@link PkiError} ERR_DAYS_INVALID
 */
export function parseDays(value: unknown, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return value
  throw new PkiError('ERR_DAYS_INVALID', {
    tried: 'choosing the life of a certificate',
    got: `its days are ${typeof value === 'string' ? JSON.stringify(value) : String(value)}`,
    todo: `Give a whole number of days from 1 to ${max}.`,
  })
}

/**
 * A period of so many days from now on, begun a little earlier; with an authority never outside that one's own.
 * Certificates have whole seconds.
 */
export function periodOf(days: number, authority?: Pick<CertificateFacts, 'validFrom' | 'validTo'>): Period {
  const now = Math.floor(Date.now() / 1000) * 1000
  const from = Math.max(now - BACKDATE_MS, authority?.validFrom.getTime() ?? -Infinity)
  const wanted = now + days * DAY_MS
  const to = Math.min(wanted, authority?.validTo.getTime() ?? Infinity)
  return { notBefore: new Date(from), notAfter: new Date(to), cut: to < wanted }
}
