import { keepBeside } from '../../base/replace-files.ts'
import { keysInFolder } from '../certificate-keys.ts'
import { caPaths, crlPath } from '../layout.ts'
import { appendRevocations } from '../ledger.ts'
import type { LedgerRevocation } from '../ledger-revocation.ts'
import { casInForce, listedOnly, readLists } from './state.ts'

/**
 * Finds the revocations that `ca/crl.pem` has and the ledger lacks.
 *
 * @throws {@link PkiError} ERR_LEDGER_INVALID, ERR_ROTATION_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function findUnnoted(root: string): Promise<LedgerRevocation[]> {
  const { lists } = await readLists(root)
  const unnoted = await listedOnly(root, lists, Date.now())
  if (unnoted.length === 0) return unnoted
  const keys = await keysInFolder(root, new Set(unnoted.map(({ fingerprint256 }) => fingerprint256)))
  return unnoted.map((one) => {
    const key = keys.get(one.fingerprint256)
    return { ...one, ...(key !== undefined && { key }) }
  })
}

/**
 * Gives the ledger back the revocations that only `ca/crl.pem` has, after an old ledger was restored or the ledger was lost. It
 * needs no CA key.
 *
 * @returns what the ledger lacked
 * @throws those of {@link findUnnoted}
 * @throws {@link FileError} ERR_FILE_WRITE
 */
export async function noteListed(root: string): Promise<LedgerRevocation[]> {
  const unnoted = await findUnnoted(root)
  await appendRevocations(caPaths(root).ledger, unnoted)
  return unnoted
}

/**
 * Notes the revocations of the list before a new CA replaces the one that signed it. If that CA can't be read, keeps the list under
 * another name.
 *
 * @returns that name
 * @throws those of {@link noteListed}
 */
export async function noteBeforeReplacement(root: string): Promise<string | undefined> {
  const cas = await casInForce(root).catch(() => [])
  if (cas.length === 0) return keepBeside(crlPath(root))
  await noteListed(root)
  return undefined
}
