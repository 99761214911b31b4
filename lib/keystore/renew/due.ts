import type { LedgerEntry } from '../ledger.ts'
import { DAY_MS, DEFAULT_LEAF_DAYS, MAX_LEAF_DAYS } from '../../pki/lifetime.ts'

/**
 * From when on a certificate is to be renewed: past two thirds of its life. What fails then has the last third to be
 * noticed and tried again.
 */
export function renewAfter({ notBefore, notAfter }: Pick<LedgerEntry, 'notBefore' | 'notAfter'>): Date {
  const from = Date.parse(notBefore)
  return new Date(from + (2 * (Date.parse(notAfter) - from)) / 3)
}

/**
 * The life of a certificate in days, for one that takes its place. One that was cut short so as not to outlive its
 * authority had no length of its own: the default counts.
 *
 * @param one - the certificate
 * @param ledger - where the authorities are, too
 */
export function lifeInDays(one: Pick<LedgerEntry, 'notBefore' | 'notAfter'>, ledger: readonly LedgerEntry[]): number {
  if (ledger.some(({ kind, notAfter }) => kind === 'ca' && notAfter === one.notAfter)) return DEFAULT_LEAF_DAYS
  const days = Math.round((Date.parse(one.notAfter) - Date.parse(one.notBefore)) / DAY_MS)
  return Math.min(Math.max(days, 1), MAX_LEAF_DAYS)
}
