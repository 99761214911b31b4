import type { X509Certificate } from 'node:crypto'
import { ours, sentence, type Sentence } from '../base/sentence.ts'
import { PkiError } from '../base/errors.ts'
import { certificatesIn, fingerprintsIn, openCertificate, readCertificate } from '../identity/certificate.ts'
import { serialOf } from '../identity/serial.ts'
import { caPaths, clientPaths, grantPaths, issuerPaths, nextCaPaths } from './layout.ts'
import { clientNames, grantNames, issuerNames, serverPlaces, type ListedCertificate } from './list.ts'
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

/** Where an installed certificate is. */
export interface Place {
  readonly path: string
  readonly kind: LedgerEntry['kind']
  /** For a client: the path of its key, which may be on the client's machine instead. */
  readonly keyPath?: string
  /** For one of several servers: its name. */
  readonly host?: string
  /** For the certificate of a grant: the name of the grant. */
  readonly grant?: string
}

/** The places of installed certificates: the CA, the next CA during a rotation, the servers, issuers, clients and grants. */
async function places(root: string): Promise<Place[]> {
  const clients = (await clientNames(root)).map((name) => clientPaths(root, name))
  return [
    { path: caPaths(root).cert, kind: 'ca' },
    { path: nextCaPaths(root).cert, kind: 'ca' },
    ...(await serverPlaces(root)).map(
      ({ host, paths }) => ({ path: paths.cert, kind: 'server', ...(host !== undefined && { host }) }) as const,
    ),
    ...(await issuerNames(root)).map((name) => ({ path: issuerPaths(root, name).cert, kind: 'issuer' }) as const),
    ...clients.map(({ cert, key }) => ({ path: cert, kind: 'client', keyPath: key }) as const),
    ...(await grantNames(root)).map(
      (grant) => ({ path: grantPaths(root, grant).cert, kind: 'client', grant }) as const,
    ),
  ]
}

/**
 * Compares every installed certificate with the ledger. A certificate that only the ledger has was replaced or removed,
 * and is no conflict.
 *
 * @throws {@link PkiError} ERR_LEDGER_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function findConflicts(root: string): Promise<LedgerConflict[]> {
  const there = await readPlaces(root)
  // Read last, because a certificate's line is written before its file.
  const ledger = await readLedger(caPaths(root).ledger)
  const lines = new Map(ledger.toReversed().map((line) => [line.fingerprint256, line]))
  return there.flatMap(({ place, certificates }) =>
    certificates.flatMap((certificate) => {
      const line = typeof certificate === 'string' ? undefined : lines.get(certificate.fingerprint256)
      return conflictOf(place, certificate, line === undefined ? ledger : [line]) ?? []
    }),
  )
}

/**
 * Finds installed certificates that the ledger doesn't list, and returns entries for them: they are in use, and expire,
 * too.
 *
 * @param ledger - its entries
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function findUnlisted(root: string, ledger: readonly LedgerEntry[]): Promise<ListedCertificate[]> {
  const listed = new Set(ledger.map(({ fingerprint256 }) => fingerprint256))
  const unlisted = new Map<string, ListedCertificate>()
  for (const { place, certificates } of await readPlaces(root, listed)) {
    for (const certificate of certificates) {
      if (typeof certificate === 'string' || listed.has(certificate.fingerprint256)) continue
      const { path, host, grant } = place
      const entry = await entryOf(place, certificate)
      // Nothing renews the certificate of a grant, so its file is no place in which a new one belongs.
      const where = grant === undefined ? { path, ...(host !== undefined && { host }) } : {}
      unlisted.set(certificate.fingerprint256, { ...entry, ...where })
    }
  }
  return [...unlisted.values()]
}

/**
 * Throws if a certificate and the ledger disagree: it has to be known who is root on the server before that is changed.
 *
 * @throws {@link PkiError} ERR_LEDGER_MISMATCH, ERR_LEDGER_INVALID
 */
export async function checkLedger(root: string): Promise<void> {
  const [first, ...others] = await findConflicts(root)
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
export async function entryOf({ kind, keyPath }: Place, certificate: X509Certificate): Promise<LedgerEntry> {
  const entry = ledgerEntry(kind, readCertificate(certificate))
  const isHeld = keyPath !== undefined && (await readIfThere(keyPath)) === undefined
  return isHeld ? { ...entry, keyHeld: 'client' } : entry
}

/** The certificates in such a place. */
interface ReadPlace {
  readonly place: Place
  /** A string says why one can't be read. */
  readonly certificates: readonly (X509Certificate | string)[]
}

/**
 * Reads all installed certificates.
 *
 * @param except - the fingerprints of those that need not be opened
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function readPlaces(root: string, except: ReadonlySet<string> = new Set()): Promise<ReadPlace[]> {
  const found: ReadPlace[] = []
  // One file after the other: there may be more than a process may open at once.
  for (const place of await places(root)) {
    const pem = await readIfThere(place.path)
    if (pem !== undefined) found.push({ place, certificates: readCertificates(place, pem, except) })
  }
  return found
}

function readCertificates(
  { path, kind }: Place,
  pem: string,
  except: ReadonlySet<string>,
): (X509Certificate | string)[] {
  try {
    if (except.size > 0 && fingerprintsIn(pem, path).every((one) => except.has(one))) return []
    // After a leaf there may be a chain, which was issued elsewhere.
    const certificates = kind === 'ca' ? certificatesIn(pem, path) : [openCertificate(pem, path)]
    // OpenSSL opens some that we refuse to read, such as one whose key is none.
    for (const one of certificates) readCertificate(one, path)
    return certificates.length === 0 ? ['it contains no certificate'] : certificates
  } catch (cause) {
    return [(cause as { got?: string }).got ?? (cause as Error).message]
  }
}

/** How a certificate and the ledger disagree; undefined if they don't. */
export function conflictOf(
  { path, kind }: Place,
  certificate: X509Certificate | string,
  ledger: readonly LedgerEntry[],
): LedgerConflict | undefined {
  if (typeof certificate === 'string') return { path, kind: 'unreadable', got: certificate }
  const facts = readCertificate(certificate, path)
  const is = ledgerEntry(kind, facts)
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
