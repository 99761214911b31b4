import { X509Certificate } from 'node:crypto'
import { resolve } from 'node:path'
import { PUBLIC_MODE, writeFileAtomically } from '../../base/files.ts'
import { DAY_MS, KEPT_MS } from '../../base/expiry.ts'
import { withLock } from '../../base/lock.ts'
import { keepBeside } from '../../base/replace-files.ts'
import { newestList, numberOf, type RevocationList } from '../../identity/crl.ts'
import { readDate } from '../../identity/dates.ts'
import { serialOf } from '../../identity/serial.ts'
import type { Authority } from '../../pki/ca.ts'
import { createCrl, type RevokedCertificate } from '../../pki/crl.ts'
import type { Passphrase } from '../../pki/encrypted-key.ts'
import { openFolderCa, readCaPair, type CaPair } from '../ca.ts'
import { caPaths, crlLock, crlPath } from '../layout.ts'
import { readLedger, readRevocations } from '../ledger.ts'
import { firstLines, type LedgerRevocation } from '../ledger-revocation.ts'
import { readNextPair, readRotatedCas } from '../rotate/cas.ts'
import { noteListed } from './note.ts'
import { isDue, lifeInDays, readCrl, readLists, type CrlState } from './state.ts'

/** Clocks differ: a gateway refuses everybody with a list of the future. */
const BACKDATE_MS = 5 * 60_000

/**
 * Opens all CAs in force: during a rotation both, as long as both are trusted.
 *
 * @throws those of {@link PkiFolder.openAuthority}
 */
export async function openCasInForce(root: string, passphrase: Passphrase | undefined): Promise<Authority[]> {
  const rotation = await readRotatedCas(root)
  const phase = rotation?.state.phase
  const pairs: (CaPair | undefined)[] = [
    ...(phase === 'finish' ? [] : [await readCaPair(root)]),
    ...(phase === undefined || phase === 'abort' ? [] : [await readNextPair(root)]),
  ]
  return Promise.all(pairs.map((pair) => openFolderCa(root, pair, passphrase)))
}

type Life = number | 'of-ca'

/** How to write lists. */
interface WriteOptions {
  readonly passphrase: Passphrase | undefined
  /** In days from now, or until the CA expires. @defaultValue the lifetime of the lists before */
  readonly life?: Life | undefined
  /** Done first, once the keys are open and no other run can write lists. */
  readonly before?: () => Promise<void>
}

/**
 * Writes a new list of each CA in force, atomically and as one file, with everything that the ledger says is revoked.
 *
 * @throws {@link PkiError} ERR_LEDGER_INVALID, and those of {@link openCasInForce} before anything is changed
 * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE
 */
export async function writeLists(root: string, { passphrase, life, before }: WriteOptions): Promise<CrlState> {
  const write = async (): Promise<string | undefined> => {
    const authorities = await openCasInForce(root, passphrase)
    await before?.()
    await noteListed(root)
    const path = crlPath(root)
    const { lists, fault } = await readLists(root)
    const keptAside = fault === undefined ? undefined : await keepBeside(path)
    const revocations = await readRevocations(caPaths(root).ledger)
    const ends = await endsOf(root, revocations)
    const cas = authorities.map((authority) => ({ authority, ca: new X509Certificate(authority.certificate) }))
    const number = nextNumber(lists.filter((list) => cas.some(({ ca }) => list.isOf(ca))))
    const chosen = life ?? lifeOf(lists, cas)
    const pems = cas.map(({ authority, ca }) => {
      const old = newestList(lists, ca)
      const period = periodOf(old, ca, chosen)
      return createCrl(authority, { revoked: entriesOf(revocations, old, ends), ...period, number }).pem
    })
    await writeFileAtomically(path, pems.join(''), { mode: PUBLIC_MODE })
    return keptAside
  }
  const keptAside = await withLock(crlLock(root), write, 'the revocation lists')
  const state = await readCrl(root)
  if (state === undefined) throw new TypeError('another run has removed the revocation lists')
  return { ...state, ...(keptAside !== undefined && { keptAside: resolve(keptAside) }) }
}

/**
 * Writes new lists if there is a reason: see {@link isDue}. Without lists and revocations there is nothing to do.
 *
 * @returns the state afterwards, and whether new lists were written; undefined if there is none
 * @throws those of {@link openCasInForce} and {@link writeLists}
 */
export async function renewLists(
  root: string,
  passphrase: Passphrase | undefined,
): Promise<{ readonly state: CrlState; readonly isRenewed: boolean } | undefined> {
  const state = await readCrl(root)
  if (state === undefined) return undefined
  if (!isDue(state)) return { state, isRenewed: false }
  return { state: await writeLists(root, { passphrase }), isRenewed: true }
}

/**
 * Greater than all numbers before. Since it is at least the time in milliseconds, that holds after a backup was restored, too. A list
 * of another CA doesn't count: it may have the greatest number that there is.
 */
function nextNumber(lists: readonly RevocationList[]): bigint {
  return [BigInt(Date.now()), ...lists.map((list) => numberOf(list) + 1n)].reduce((one, other) =>
    one > other ? one : other,
  )
}

interface Period {
  readonly thisUpdate: Date
  readonly nextUpdate: Date
}

/** Gateways compare the numbers of lists, but other programs may compare dates, and a clock may be set back by some seconds. */
function periodOf(old: RevocationList | undefined, ca: X509Certificate, life: Life): Period {
  const now = Date.now()
  const last = old === undefined || old.thisUpdate.getTime() > now ? 0 : old.thisUpdate.getTime()
  const days = life === 'of-ca' ? Infinity : life
  const end = Math.min(now + days * DAY_MS, readDate(ca.validTo).getTime())
  return { thisUpdate: new Date(Math.max(now - BACKDATE_MS, last)), nextUpdate: new Date(end) }
}

/**
 * The lifetime of the lists before, if they end before the CA; else that of the CA. Whoever revokes a certificate and does nothing more must
 * not be locked out. A new CA's list gets the lifetime of the old CA's.
 */
function lifeOf(lists: readonly RevocationList[], cas: readonly { readonly ca: X509Certificate }[]): Life {
  for (const { ca } of cas) {
    const { thisUpdate, nextUpdate } = newestList(lists, ca) ?? {}
    if (thisUpdate && nextUpdate && nextUpdate < readDate(ca.validTo)) return lifeInDays({ thisUpdate, nextUpdate })
  }
  return 'of-ca'
}

/** When each certificate that the ledger knows expires, by its serial number. */
async function endsOf(root: string, revocations: readonly LedgerRevocation[]): Promise<Map<string, number>> {
  const entries = await readLedger(caPaths(root).ledger)
  return new Map([...revocations, ...entries].map(({ serial, notAfter }) => [serialOf(serial), Date.parse(notAfter)]))
}

/**
 * Everything that was revoked, until a day after it expires. The ledger doesn't say which CA issued a certificate, so the list of each CA
 * has all of them. What only the list before has stays as well: the ledger may have been restored from an old backup.
 */
function entriesOf(
  revocations: readonly LedgerRevocation[],
  old: RevocationList | undefined,
  ends: ReadonlyMap<string, number>,
): RevokedCertificate[] {
  const now = Date.now() - KEPT_MS
  const isOver = (serial: string): boolean => (ends.get(serial) ?? Infinity) <= now
  const valid = revocations.filter(({ notAfter }) => Date.parse(notAfter) > now)
  const noted = firstLines(valid, ({ serial }) => serialOf(serial))
  const kept = [...(old?.serials ?? [])].filter((serial) => !noted.has(serial) && !isOver(serial))
  return [
    ...[...noted].map(([serial, { revokedAt, reason }]) => ({ serialNumber: serial, at: new Date(revokedAt), reason })),
    ...kept.map((serial) => ({ serialNumber: serial, at: old?.thisUpdate ?? new Date() })),
  ]
}
