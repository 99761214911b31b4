import { DAY_MS, dueAt } from '../../base/expiry.ts'
import type { LedgerEntry } from '../ledger-line.ts'
import { DEFAULT_LEAF_DAYS, MAX_LEAF_DAYS } from '../../pki/lifetime.ts'

/** When a certificate is due. */
export function renewAfter({ notBefore, notAfter }: Pick<LedgerEntry, 'notBefore' | 'notAfter'>): Date {
  return new Date(dueAt({ from: Date.parse(notBefore), to: Date.parse(notAfter) }))
}

/**
 * The lifetime in days for the certificate that replaces this one. If its own was shortened, so that it doesn't outlive its
 * CA, this is the default.
 *
 * @param one - the certificate
 * @param ledger - the entries of the ledger, CAs included
 */
export function lifeInDays(one: Pick<LedgerEntry, 'notBefore' | 'notAfter'>, ledger: readonly LedgerEntry[]): number {
  if (ledger.some(({ kind, notAfter }) => kind === 'ca' && notAfter === one.notAfter)) return DEFAULT_LEAF_DAYS
  const days = Math.round((Date.parse(one.notAfter) - Date.parse(one.notBefore)) / DAY_MS)
  return Math.min(Math.max(days, 1), MAX_LEAF_DAYS)
}
