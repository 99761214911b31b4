import { promises as fs } from 'node:fs'
import { ArgumentError } from '../../base/errors.ts'
import { PkiFolder } from '../folder.ts'
import type { ListedCertificate } from '../list.ts'
import { findUnlisted } from '../ledger-check.ts'
import { DAY_MS } from '../../pki/lifetime.ts'
import { isFromCurrentCa } from '../rotate/cas.ts'
import { ONE_DAY_CLIENT_NAME } from '../one-day-client.ts'

/**
 * What a certificate of the ledger is good for now. A probe was made to prove one apply, and is in no place of ours. Of a
 * client that was `removed` nothing is here any more, and dockerd lets it in until it ends.
 */
export type CertificateState = 'in use' | 'ends soon' | 'ended' | 'of a replaced CA' | 'probe' | 'removed' | 'replaced'

/** One line of the ledger, or a certificate that is in its place without one, and how it stands. */
export interface KnownCertificate extends ListedCertificate {
  /** Whether it is in use, expired, replaced or removed. */
  readonly state: CertificateState
}

/** A certificate in its place. */
export type PlacedCertificate = KnownCertificate & {
  /** The certificate's file. */
  readonly path: string
}

/** Time enough to make and carry over another. */
const SOON_DAYS = 30

/**
 * Everything that was ever issued in a folder, the oldest first, and how it stands; at the end what is in its place and has
 * no line in the ledger.
 *
 * @param root - the folder that `init` made
 * @param now - the time of day in milliseconds
 * @throws {@link PkiError} ERR_CA_MISSING, ERR_LEDGER_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 * @example
 * ```ts
 * const ending = (await listKnown('docker-mtls')).filter(({ state }) => state === 'ends soon' || state === 'ended')
 * ```
 */
export async function listKnown(root: string, now: number = Date.now()): Promise<KnownCertificate[]> {
  const listed = await new PkiFolder(root).list()
  const all = [...listed, ...(await findUnlisted(root, listed))]
  const clients = new Set(
    all.filter(({ kind, path }) => kind === 'client' && path !== undefined).map(({ name }) => name),
  )
  return Promise.all(
    all.map(async (one) => {
      const state = await stateOf(one, root, now)
      const isRemoved = state === 'replaced' && one.kind === 'client' && !clients.has(one.name)
      return { ...one, state: isRemoved && Date.parse(one.notAfter) > now ? 'removed' : state }
    }),
  )
}

/** Is it in its place, and for its use? What was replaced is in nobody's place. */
export function isInPlace(one: KnownCertificate): one is PlacedCertificate {
  return one.path !== undefined
}

async function stateOf(
  { path, kind, name, notAfter }: ListedCertificate,
  root: string,
  now: number,
): Promise<CertificateState> {
  if (path === undefined) return kind === 'client' && ONE_DAY_CLIENT_NAME.test(name) ? 'probe' : 'replaced'
  if (kind !== 'ca' && !(await isOfPresent(root, path))) return 'of a replaced CA'
  const left = Date.parse(notAfter) - now
  if (left < 0) return 'ended'
  return Math.round(left / DAY_MS) < SOON_DAYS ? 'ends soon' : 'in use'
}

/** The list is no place to fail for a file that is damaged. */
async function isOfPresent(root: string, path: string): Promise<boolean> {
  try {
    return await isFromCurrentCa(root, await fs.readFile(path, 'utf8'))
  } catch {
    return true
  }
}

/**
 * What is in its place and ends within a length of time, or has ended: the first to end comes first.
 *
 * @param known - the certificates
 * @param within - in milliseconds
 * @param now - the time of day in milliseconds
 */
export function expiring(known: readonly KnownCertificate[], within: number, now: number): PlacedCertificate[] {
  return known
    .filter(isInPlace)
    .filter(({ notAfter }) => Date.parse(notAfter) - now <= within)
    .toSorted((one, other) => Date.parse(one.notAfter) - Date.parse(other.notAfter))
}

const UNITS: Readonly<Record<string, number>> = { h: DAY_MS / 24, d: DAY_MS, w: 7 * DAY_MS }

/** A century, as for the life of an authority: more is a slip. */
const MAX_MS = 36_500 * DAY_MS

/**
 * Reads a length of time such as `12h`, `30d` or `2w`.
 *
 * @param text - a whole number, and h, d or w
 * @param where - what it was given to, for messages
 * @returns milliseconds
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID
 */
export function parseDuration(text: string, where: string): number {
  const [, digits = '', unit = ''] = /^([1-9]\d{0,6})([hdw])$/.exec(text) ?? []
  const milliseconds = Number(digits) * (UNITS[unit] ?? 0)
  if (milliseconds > 0 && milliseconds <= MAX_MS) return milliseconds
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `reading ${where} ${JSON.stringify(text)}`,
    got: milliseconds > MAX_MS ? 'it is more than a century' : 'it is no length of time',
    todo: 'Give a whole number of hours, days or weeks: 12h, 30d or 2w.',
  })
}
