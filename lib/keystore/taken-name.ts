import { PkiError } from '../base/errors.ts'
import { caPaths } from './layout.ts'
import { readLedger } from './ledger.ts'
import type { LedgerEntry } from './ledger-line.ts'

/** A client and an issuer never have the same name: `cert revoke NAME` would revoke both. */
const OTHER = { client: 'issuer', issuer: 'client' } as const

/**
 * Refuses a name for a client that an issuer has, or had, and the other way round.
 *
 * @throws {@link PkiError} ERR_NAME_INVALID, ERR_LEDGER_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function refuseTakenName(root: string, kind: keyof typeof OTHER, name: string): Promise<void> {
  const other = takenBy(kind, name, await readLedger(caPaths(root).ledger))
  if (other === undefined) return
  throw new PkiError('ERR_NAME_INVALID', {
    tried: `naming ${kind === 'client' ? 'a client' : 'an issuer'} ${name}`,
    got: `${other} has that name`,
    todo: 'Choose another name.',
  })
}

/** Who has the name of a certificate of this kind already, although nobody may: `an issuer` or `a client`. */
export function takenBy(kind: LedgerEntry['kind'], name: string, ledger: readonly LedgerEntry[]): string | undefined {
  const other = kind === 'client' || kind === 'issuer' ? OTHER[kind] : undefined
  const isTaken = ledger.some((one) => one.kind === other && one.name === name)
  return isTaken ? (other === 'issuer' ? 'an issuer' : 'a client') : undefined
}
