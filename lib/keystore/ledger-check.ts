import { ours, sentence, type Sentence } from '../base/sentence.ts'
import { PkiError } from '../base/errors.ts'
import { serialOf } from '../identity/serial.ts'
import {
  readInstalled,
  type Installed,
  type InstalledCertificate,
  type ListedCertificate,
  type Place,
} from './installed.ts'
import { caPaths, grantPaths } from './layout.ts'
import { grantNames } from './list.ts'
import { readLedger } from './ledger.ts'
import { ledgerEntry, type LedgerEntry } from './ledger-line.ts'
import { readIfThere } from '../base/files.ts'

/** A certificate file that the ledger doesn't list or lists differently, or whose key doesn't match. */
export interface LedgerConflict {
  readonly path: string
  /** `unknown`: not listed. `differs`: listed differently. `unreadable`: not a certificate. `key`: its key doesn't match. */
  readonly kind: 'unknown' | 'differs' | 'unreadable' | 'key'
  /** The difference: a sentence without a full stop. */
  readonly got: string
}

/**
 * Compares every installed certificate with the ledger. A certificate that only the ledger has was replaced or removed,
 * and is no conflict.
 *
 * @param installed - the files, if they were read already
 * @throws {@link PkiError} ERR_LEDGER_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function findConflicts(root: string, installed?: readonly Installed[]): Promise<LedgerConflict[]> {
  const there = installed ?? (await readInstalled(root))
  // Read last, because a certificate's line is written before its file.
  const ledger = await readLedger(caPaths(root).ledger)
  const lines = new Map(ledger.toReversed().map((line) => [line.fingerprint256, line]))
  return there.flatMap(({ place, certificates }) =>
    certificates.flatMap((certificate) => {
      const line = typeof certificate === 'string' ? undefined : lines.get(certificate.facts.fingerprint256)
      return conflictOf(place, certificate, line === undefined ? ledger : [line]) ?? []
    }),
  )
}

/**
 * Finds installed certificates that the ledger doesn't list, and returns entries for them: they are in use, and expire,
 * too.
 *
 * @param ledger - its entries
 * @param installed - the files, if they were read already
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function findUnlisted(
  root: string,
  ledger: readonly LedgerEntry[],
  installed?: readonly Installed[],
): Promise<ListedCertificate[]> {
  const listed = new Set(ledger.map(({ fingerprint256 }) => fingerprint256))
  const unlisted = new Map<string, ListedCertificate>()
  for (const one of installed ?? (await readInstalled(root))) {
    if (one.fingerprints.every((fingerprint) => listed.has(fingerprint))) continue
    const { path, host, grant } = one.place
    for (const certificate of one.certificates) {
      if (typeof certificate === 'string' || listed.has(certificate.facts.fingerprint256)) continue
      const entry = await entryOf(one.place, certificate)
      // As in listCertificates().
      const where = grant === undefined ? { path, ...(host !== undefined && { host }) } : {}
      unlisted.set(entry.fingerprint256, { ...entry, ...where })
    }
  }
  return [...unlisted.values()]
}

/**
 * Throws if a certificate and the ledger disagree: it has to be known who is root on the server before that is changed.
 *
 * @param installed - the files, if they were read already
 * @throws {@link PkiError} ERR_LEDGER_MISMATCH, ERR_LEDGER_INVALID
 */
export async function checkLedger(root: string, installed?: readonly Installed[]): Promise<void> {
  const [first, ...others] = await findConflicts(root, installed)
  if (first === undefined) return
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  throw new PkiError('ERR_LEDGER_MISMATCH', {
    tried: `comparing the certificates in ${root} with ${caPaths(root).ledger}`,
    got: `${first.path}: ${first.got}${more}`,
    todo: remedy(
      root,
      first,
      (await grantNames(root)).find((name) => grantPaths(root, name).cert === first.path),
    ),
  })
}

function remedy(root: string, { kind }: LedgerConflict, grant: string | undefined): Sentence {
  const adoption = ours('cert', 'adopt', '--dir', root)
  if (grant !== undefined) {
    const end = ours('grant', 'end', grant, '--dir', root)
    return kind === 'unknown'
      ? sentence`If you know the grant, add its certificate to the ledger:  ${adoption}  Otherwise end it:  ${end}`
      : sentence`Restore the right file, or end the grant:  ${end}`
  }
  const back = 'Restore the right file; older ones are in the same folder, with a date in their names.'
  if (kind === 'differs') {
    const acceptance = ours('cert', 'adopt', '--accept-changes', '--dir', root)
    return sentence`${back} If the certificate is right, correct that line of the ledger, then accept the change:  ${acceptance}`
  }
  if (kind === 'unreadable') return `${back} Otherwise issue the certificate again.`
  return sentence`${back} If you trust the certificate, add it to the ledger:  ${adoption}`
}

/** The line of the ledger for an installed certificate. */
export async function entryOf({ kind, keyPath }: Place, { facts }: InstalledCertificate): Promise<LedgerEntry> {
  const entry = ledgerEntry(kind, facts)
  const isHeld = keyPath !== undefined && (await readIfThere(keyPath)) === undefined
  return isHeld ? { ...entry, keyHeld: 'client' } : entry
}

/** How a certificate and the ledger disagree; undefined if they don't. */
export function conflictOf(
  { path, kind }: Place,
  certificate: InstalledCertificate | string,
  ledger: readonly LedgerEntry[],
): LedgerConflict | undefined {
  if (typeof certificate === 'string') return { path, kind: 'unreadable', got: certificate }
  const is = ledgerEntry(kind, certificate.facts)
  const line = ledger.find(({ fingerprint256 }) => fingerprint256 === is.fingerprint256)
  if (line !== undefined) {
    const differing = DESCRIBED.find((key) => String(line[key]) !== String(is[key]))
    if (differing === undefined) return undefined
    const got = `for the serial number ${is.serial} the ledger lists ${differing} ${String(line[differing])}, the certificate has ${String(is[differing])}`
    return { path, kind: 'differs', got }
  }
  const twin = ledger.find(({ serial }) => serialOf(serial) === serialOf(is.serial))
  if (twin !== undefined) {
    return { path, kind: 'differs', got: `the ledger lists another certificate with its serial number, ${is.serial}` }
  }
  return {
    path,
    kind: 'unknown',
    got: `the ledger does not list its serial number, ${is.serial}${latest(is, ledger)}`,
  }
}

/** The fields of an entry that the certificate has, too. */
const DESCRIBED = ['serial', 'kind', 'name', 'sans', 'notBefore', 'notAfter', 'keyType'] as const

function latest({ kind, name }: LedgerEntry, ledger: readonly LedgerEntry[]): string {
  const newest = ledger.findLast((line) => line.kind === kind && line.name === name)
  return newest === undefined
    ? `, nor any certificate of the ${kind} ${name}`
    : `; the latest certificate of the ${kind} ${name} is ${newest.serial}`
}
