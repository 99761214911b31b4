import { DAY_MS } from '../base/expiry.ts'
import { option, sentence } from '../base/sentence.ts'
import { quoted } from '../base/text.ts'
import { PkiError } from '../base/errors.ts'
import type { CertificateFacts } from '../identity/certificate.ts'

/** An hour: clocks differ, and a certificate that is not yet valid is rejected with a message about expiry. */
const BACKDATE_MS = 3_600_000

/** Ten years: replacing a CA takes work on every machine. */
export const DEFAULT_CA_DAYS = 3650
/** Thirteen months: long enough to leave alone, short enough that a lost key soon expires. */
export const DEFAULT_LEAF_DAYS = 397
/** A century: a longer lifetime is more likely a typo. */
export const MAX_CA_DAYS = 36_500
/** Apple's clients reject server certificates beyond 825 days; Docker's don't. */
export const MAX_LEAF_DAYS = 3650

/** The validity period of a certificate. */
export interface Period {
  readonly notBefore: Date
  readonly notAfter: Date
  /** Was it shortened so that it doesn't outlive the CA? */
  readonly cut: boolean
}

/**
 * Checks a lifetime in days.
 *
 * @param name - the option
 * @throws {@link PkiError} ERR_DAYS_INVALID
 */
export function parseDays(value: unknown, max: number, name = 'days'): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return value
  throw new PkiError('ERR_DAYS_INVALID', {
    tried: sentence`the option ${option(name)} ${typeof value === 'string' ? quoted(value) : String(value)}`,
    got: faultOf(value, max),
    todo: `Use a whole number of days from 1 to ${max}.`,
  })
}

function faultOf(value: unknown, max: number): string {
  if (typeof value !== 'number' || !Number.isInteger(value)) return 'it is not a whole number'
  return value > max ? `it is more than ${max}` : 'it is less than 1'
}

/**
 * Checks the end of a certificate.
 *
 * @throws {@link PkiError} ERR_DAYS_INVALID
 */
export function checkUntil(until: unknown): Date {
  const left = until instanceof Date ? until.getTime() - Date.now() : Number.NaN
  if (until instanceof Date && left >= 1000 && left <= MAX_LEAF_DAYS * DAY_MS) return until
  throw new PkiError('ERR_DAYS_INVALID', {
    tried: sentence`the option ${option('until')}`,
    got: Number.isNaN(left) ? 'it is not a date' : left < 1000 ? 'it is not in the future' : 'it is too far away',
    todo: `Use a Date within the next ${MAX_LEAF_DAYS} days.`,
  })
}

/**
 * A period from now, backdated a little and kept within the CA's own period. Certificates have whole seconds.
 *
 * @param end - a number of days, or the last moment
 */
export function periodOf(end: number | Date, ca?: Pick<CertificateFacts, 'validFrom' | 'validTo'>): Period {
  const now = Math.floor(Date.now() / 1000) * 1000
  const from = Math.max(now - BACKDATE_MS, ca?.validFrom.getTime() ?? -Infinity)
  const wanted = end instanceof Date ? Math.floor(end.getTime() / 1000) * 1000 : now + end * DAY_MS
  const to = Math.min(wanted, ca?.validTo.getTime() ?? Infinity)
  return { notBefore: new Date(from), notAfter: new Date(to), cut: to < wanted }
}
