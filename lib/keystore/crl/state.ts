import type { X509Certificate } from 'node:crypto'
import { resolve } from 'node:path'
import { PkiError } from '../../base/errors.ts'
import { DAY_MS } from '../../base/expiry.ts'
import { readIfThere } from '../../base/files.ts'
import { ours, sentence } from '../../base/sentence.ts'
import { certificatesIn, readCertificate } from '../../identity/certificate.ts'
import { MOST_LIST_BYTES, newestList, numberOf, readRevocationLists, type RevocationList } from '../../identity/crl.ts'
import { readDate } from '../../identity/dates.ts'
import { serialOf } from '../../identity/serial.ts'
import { caPaths, crlPath } from '../layout.ts'
import { readLedger, readRevocations } from '../ledger.ts'
import type { LedgerRevocation } from '../ledger-revocation.ts'
import { readRotatedCas } from '../rotate/cas.ts'
import type { RotatedAuthority } from '../rotate/state.ts'

/** The revocation list of a CA. */
export interface FolderList {
  /** The CA that signed it. */
  readonly ca: RotatedAuthority
  /** Its number, in decimal: each list has a greater one than those before it. */
  readonly number: string
  /** When it was issued. */
  readonly thisUpdate: Date
  /** When it expires. */
  readonly nextUpdate: Date
  /** Does it expire with its CA? Then it needs no renewal. */
  readonly endsWithCa: boolean
  /** The serial numbers of revoked certificates, in hexadecimal. */
  readonly serials: readonly string[]
}

/** The revocation lists of a folder, which are together in one file. */
export interface CrlState {
  /** The absolute path of `ca/crl.pem`. */
  readonly path: string
  /** The list of each CA in force: one, or two during a rotation. */
  readonly lists: readonly FolderList[]
  /** When the first of them expires. Absent: there is none. */
  readonly nextUpdate?: Date
  /** Why a gateway that reads the file would let in a revoked client or refuse a good one; sentences without a full stop. */
  readonly faults: readonly string[]
  /** The new path of a file that could not be read, when new lists took its place: only it may have some of the revocations. */
  readonly keptAside?: string
}

/** The lists in the file as they are, for those who write the next ones. */
export interface ReadLists {
  readonly text: string | undefined
  readonly lists: readonly RevocationList[]
  /** Why the file can't be read. */
  readonly fault?: string
}

/**
 * The CAs whose certificates daemons and gateways accept, so that each of them needs a list.
 *
 * @throws {@link PkiError} ERR_ROTATION_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function casInForce(root: string): Promise<readonly X509Certificate[]> {
  const rotation = await readRotatedCas(root)
  if (rotation !== undefined) return rotation.trusted
  const { cert } = caPaths(root)
  return certificatesIn((await readIfThere(cert)) ?? '', cert).slice(0, 1)
}

export async function readLists(root: string): Promise<ReadLists> {
  const text = await readIfThere(crlPath(root))
  if (text === undefined) return { text, lists: [] }
  try {
    return { text, lists: readRevocationLists(text) }
  } catch (cause) {
    return { text, lists: [], fault: (cause as Error).message }
  }
}

/**
 * Refuses to go on while the lists can't be read: new ones in their place could lack a revocation.
 *
 * @throws {@link PkiError} ERR_CRL_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function requireReadableLists(root: string): Promise<void> {
  const { fault } = await readLists(root)
  if (fault === undefined) return
  throw new PkiError('ERR_CRL_INVALID', {
    tried: `reading ${crlPath(root)}`,
    got: fault,
    todo: sentence`Copy the newest list of a gateway there. If there is none, write a new one:  ${ours('cert', 'crl', '--dir', root)}  Then revoke again whom only the damaged file had.`,
  })
}

/**
 * Reads the revocation lists of a folder.
 *
 * @param root - the folder that `init` created
 * @param now - the current time, in milliseconds since 1970
 * @returns undefined if there are none, and nothing that is still valid was revoked
 * @throws {@link PkiError} ERR_LEDGER_INVALID, ERR_ROTATION_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 * @example
 * ```ts
 * const faults = (await readCrl('docker-mtls'))?.faults ?? []
 * ```
 */
export async function readCrl(root: string, now: number = Date.now()): Promise<CrlState | undefined> {
  const { text, lists, fault } = await readLists(root)
  const revoked = await revokedUntilNow(root, now)
  if (text === undefined && revoked.length === 0) return undefined
  const cas = await casInForce(root)
  const found = cas.map((ca) => ({ ca, list: newestList(lists, ca) }))
  const own = found.flatMap(({ ca, list }) => (list === undefined ? [] : [folderList(ca, list)]))
  const unknown = await listedOnly(root, lists, now)
  const ends = own.map(({ nextUpdate }) => nextUpdate.getTime())
  return {
    path: resolve(crlPath(root)),
    lists: own,
    ...(ends.length > 0 && { nextUpdate: new Date(Math.min(...ends)) }),
    faults: [
      ...(text === undefined ? ['it is missing, although certificates were revoked'] : []),
      ...(fault === undefined ? [] : [`it can't be read: ${fault}`]),
      ...(text === undefined || fault !== undefined ? [] : faultsOf(found, lists, revoked, now)),
      ...(text !== undefined && text.length > MOST_LIST_BYTES ? [TOO_LARGE] : []),
      ...unknown.slice(0, 1).map(({ name }) => `the ledger doesn't say that ${name} was revoked, as the list does`),
    ],
  }
}

const TOO_LARGE = `gateways refuse it, and so everybody, until it has at most ${MOST_LIST_BYTES} bytes: entries leave it a day after their certificates expire`

function faultsOf(
  found: readonly { readonly ca: X509Certificate; readonly list: RevocationList | undefined }[],
  lists: readonly RevocationList[],
  revoked: readonly LedgerRevocation[],
  now: number,
): string[] {
  const others = lists.length - found.filter(({ list }) => list !== undefined).length
  return [
    ...found.flatMap(({ ca, list }) => {
      const { name } = nameOf(ca)
      if (list === undefined) return [`it has no list of the CA ${name}`]
      const lacks = revoked.filter(({ serial }) => !list.serials.has(serialOf(serial))).map((one) => one.name)
      const isExpired = (list.nextUpdate?.getTime() ?? 0) <= now
      return [
        ...(lacks.length === 0 ? [] : [`the list of the CA ${name} lacks a revoked certificate of ${lacks[0]}`]),
        ...(isExpired ? [`the list of the CA ${name} has expired`] : []),
        ...(list.thisUpdate.getTime() > now ? [`the list of the CA ${name} is not valid yet`] : []),
      ]
    }),
    ...(others > 0 ? ['it has a list of a CA that is not in force'] : []),
  ]
}

/**
 * The revocations of certificates that only lists of the CAs in force have: an old ledger was restored, or it was lost. Of a
 * certificate that neither the ledger nor an installed file shows, nobody knows whose it is.
 */
export async function listedOnly(
  root: string,
  lists: readonly RevocationList[],
  now: number,
): Promise<LedgerRevocation[]> {
  if (lists.every(({ serials }) => serials.size === 0)) return []
  const cas = await casInForce(root)
  const own = lists.filter((list) => cas.some((ca) => list.isOf(ca)))
  const { ledger } = caPaths(root)
  const noted = new Set((await readRevocations(ledger)).map(({ serial }) => serialOf(serial)))
  const missing = new Map(own.flatMap((list) => [...list.serials].map((serial) => [serial, list] as const)))
  for (const serial of noted) missing.delete(serial)
  if (missing.size === 0) return []
  const entries = await readLedger(ledger)
  const known = new Set(entries.map(({ serial }) => serialOf(serial)))
  const isComplete = [...missing.keys()].every((serial) => known.has(serial))
  // Only the ledger that was lost needs that code.
  const unlisted = isComplete ? [] : await (await import('../ledger-check.ts')).findUnlisted(root, entries)
  return [...entries, ...unlisted].flatMap(({ kind, name, serial, fingerprint256, notAfter }) => {
    const list = missing.get(serialOf(serial))
    if (kind === 'ca' || list === undefined || Date.parse(notAfter) <= now) return []
    return [{ revokedAt: list.thisUpdate.toISOString(), kind, name, serial, fingerprint256, notAfter }]
  })
}

/** The revocations of certificates that haven't expired. */
export async function revokedUntilNow(root: string, now: number): Promise<LedgerRevocation[]> {
  return (await readRevocations(caPaths(root).ledger)).filter(({ notAfter }) => Date.parse(notAfter) > now)
}

function folderList(ca: X509Certificate, list: RevocationList): FolderList {
  // A list without an end counts as expired, as in a gateway.
  const { thisUpdate, nextUpdate = thisUpdate } = list
  return {
    ca: nameOf(ca),
    number: String(numberOf(list)),
    thisUpdate,
    nextUpdate,
    endsWithCa: nextUpdate >= readDate(ca.validTo),
    serials: [...list.serials].map((serial) => serial.toUpperCase()),
  }
}

function nameOf(ca: X509Certificate): RotatedAuthority {
  const { commonName, subject, fingerprint256 } = readCertificate(ca)
  return { name: commonName ?? subject, fingerprint256 }
}

/** New lists are due if those in the file have a fault, or if half of the life of a list is over that ends before its CA. */
export function isDue({ lists, faults }: CrlState, now: number = Date.now()): boolean {
  const isHalfOver = ({ thisUpdate, nextUpdate }: FolderList): boolean =>
    now >= (thisUpdate.getTime() + nextUpdate.getTime()) / 2
  return faults.length > 0 || lists.some((list) => !list.endsWithCa && isHalfOver(list))
}

/** For how many days a list is valid. */
export function lifeInDays({ thisUpdate, nextUpdate }: Pick<FolderList, 'thisUpdate' | 'nextUpdate'>): number {
  return Math.max(1, Math.round((nextUpdate.getTime() - thisUpdate.getTime()) / DAY_MS))
}
