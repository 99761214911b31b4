import type { X509Certificate } from 'node:crypto'
import { isIssuedBy } from '../identity/certificate.ts'
import { findUnnoted, noteListed } from './crl/note.ts'
import { readLists } from './crl/state.ts'
import { listCertificates, readInstalled, type InstalledCertificate, type Place } from './installed.ts'
import { caPaths } from './layout.ts'
import { acceptLedger, appendToLedger, readLedger, verifyLedger } from './ledger.ts'
import type { LedgerFault } from './ledger-chain.ts'
import { conflictOf, entryOf, type LedgerConflict } from './ledger-check.ts'
import { ledgerEntry, type LedgerEntry } from './ledger-line.ts'
import type { LedgerRevocation } from './ledger-revocation.ts'
import { takenBy } from './taken-name.ts'

/** The certificates that {@link adoptCertificates} added to the ledger, and those that it refused. */
export interface Adopted {
  /** Lines that were changed or removed, and are accepted. */
  readonly accepted: readonly LedgerFault[]
  readonly adopted: readonly (LedgerEntry & { readonly path: string })[]
  readonly refused: readonly LedgerConflict[]
  /** Revocations that only the lists in `ca/crl.pem` have, and that the ledger notes. */
  readonly revoked: readonly LedgerRevocation[]
  /** Why `ca/crl.pem` can't be read: the ledger may lack revocations. */
  readonly listFault?: string
}

/** Options of {@link adoptCertificates}. */
export interface AdoptOptions {
  /** Reports what would be done, and writes nothing. */
  readonly dryRun: boolean
  /** Accepts a ledger with lines that were changed or removed. The loss of the whole file is accepted in any case. */
  readonly acceptChanges: boolean
}

/**
 * Adds installed certificates to the ledger, for example after the ledger was lost. Certificates that no CA of the folder
 * has signed, or that contradict an entry, are refused. What a list in `ca/crl.pem` says is revoked, the ledger notes.
 *
 * @throws {@link PkiError} ERR_CA_MISSING, ERR_LEDGER_INVALID
 */
export async function adoptCertificates(root: string, { dryRun, acceptChanges }: AdoptOptions): Promise<Adopted> {
  const { ledger: path } = caPaths(root)
  // Throws if there is no CA that could have signed anything.
  await listCertificates(root)
  const ledger = await readLedger(path)
  const accepted = acceptChanges || ledger.length === 0 ? await accept(path, dryRun) : []
  const there = await readInstalled(root)
  const cas = there
    .filter(({ place }) => place.kind === 'ca')
    .flatMap(({ certificates }) => certificates.flatMap((one) => (typeof one === 'string' ? [] : [one.x509])))
  const adopted: (LedgerEntry & { path: string })[] = []
  const refused: LedgerConflict[] = []
  for (const { place, certificates } of there) {
    for (const certificate of certificates) {
      const conflict = conflictOf(place, certificate, ledger)
      if (conflict === undefined) continue
      const got =
        typeof certificate === 'string'
          ? conflict.got
          : (foreignFault(place, certificate, cas) ?? nameFault(place, certificate, ledger))
      if (typeof certificate === 'string' || conflict.kind !== 'unknown' || got !== undefined) {
        refused.push({ ...conflict, got: got ?? conflict.got })
        continue
      }
      const entry = await entryOf(place, certificate)
      adopted.push({ ...entry, path: place.path })
      // The same certificate may be in two places, as the new CA is at the end of a rotation.
      ledger.push(entry)
      if (!dryRun) await appendToLedger(path, entry)
    }
  }
  const revoked = dryRun ? await findUnnoted(root) : await noteListed(root)
  const { fault: listFault } = await readLists(root)
  return { accepted, adopted, refused, revoked, ...(listFault !== undefined && { listFault }) }
}

async function accept(path: string, dryRun: boolean): Promise<readonly LedgerFault[]> {
  return dryRun ? (await verifyLedger(path)).faults : acceptLedger(path)
}

/** Why it can't have been issued here. */
function foreignFault(
  { kind }: Place,
  { x509, facts }: InstalledCertificate,
  cas: readonly X509Certificate[],
): string | undefined {
  const signers = kind === 'ca' ? [x509] : cas
  if (isIssuedBy(x509, signers)) return undefined
  return `it was issued by ${facts.issuer}, which is not a CA of this folder`
}

/** Why it may not be in the ledger beside the others. */
function nameFault(
  { kind }: Place,
  { facts }: InstalledCertificate,
  ledger: readonly LedgerEntry[],
): string | undefined {
  const { name } = ledgerEntry(kind, facts)
  const other = takenBy(kind, name, ledger)
  return other && `${other} has the name ${name}, too, and a revocation could not tell them apart`
}
