import { PkiError } from '../base/errors.ts'
import { GRANTED_NAME } from './granted-name.ts'
import { caPaths } from './layout.ts'
import { readLedger } from './ledger.ts'
import type { LedgerEntry } from './ledger-line.ts'
import { clientNames } from './list.ts'

/** A client and an issuer never get the same name: `cert revoke NAME` would revoke both. */
const OTHER = { client: 'issuer', issuer: 'client' } as const

/**
 * Refuses a new client with the name of an issuer, and the other way round; also if that one has no files any more. Refuses a new client
 * with the name of a granted certificate, too: `grant end` would revoke it. Who has such a name already keeps it.
 *
 * @throws {@link PkiError} ERR_NAME_INVALID, ERR_LEDGER_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function refuseTakenName(root: string, kind: keyof typeof OTHER, name: string): Promise<void> {
  const other = takenBy(kind, name, await readLedger(caPaths(root).ledger))
  const isGranted = kind === 'client' && GRANTED_NAME.test(name) && !(await clientNames(root)).includes(name)
  if (other === undefined && !isGranted) return
  throw new PkiError('ERR_NAME_INVALID', {
    tried: `naming ${kind === 'client' ? 'a client' : 'an issuer'} ${name}`,
    got: other === undefined ? 'the certificates of grants have such names' : `${other} has that name`,
    todo: 'Choose another name.',
  })
}

/** Who has the name of a new client or issuer already: `an issuer` or `a client`. */
export function takenBy(kind: LedgerEntry['kind'], name: string, ledger: readonly LedgerEntry[]): string | undefined {
  const other = kind === 'client' || kind === 'issuer' ? OTHER[kind] : undefined
  const kinds = new Set(ledger.filter((one) => one.name === name).map((one) => one.kind))
  if (other === undefined || !kinds.has(other) || kinds.has(kind)) return undefined
  return other === 'issuer' ? 'an issuer' : 'a client'
}
