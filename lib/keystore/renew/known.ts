import { promises as fs } from 'node:fs'
import { dirname } from 'node:path'
import { ArgumentError } from '../../base/errors.ts'
import { quoted } from '../../base/text.ts'
import { PkiFolder } from '../folder.ts'
import type { ListedCertificate } from '../list.ts'
import { findUnlisted } from '../ledger-check.ts'
import { DAY_MS, expiresSoon, expiryOf } from '../../base/expiry.ts'
import { currentCaTest } from '../rotate/cas.ts'
import { ONE_DAY_CLIENT_NAME } from '../one-day-client.ts'
import { GRANTED_NAME } from '../granted-name.ts'
import { revocationsByFingerprint } from '../revoked.ts'
import { readPresented, type PresentedCertificate } from '../presented.ts'
import type { RevocationReason } from '../../pki/revocation-reasons.ts'

/**
 * The state of an issued certificate. `probe`: a one-day client certificate. `grant`: one that a grant issued. `removed`: its client has no files here any
 * more, but dockerd accepts it until it expires. `revoked`: gateways refuse it; dockerd itself accepts it until it expires.
 * `not delivered`: it is issued, but its server still presents an older one, as far as the folder knows.
 */
export type CertificateState =
  | 'in use'
  | 'ends soon'
  | 'ended'
  | 'not delivered'
  | 'of a replaced CA'
  | 'probe'
  | 'grant'
  | 'removed'
  | 'replaced'
  | 'revoked'

/** An entry of the ledger, or an installed certificate without one, with its state. */
export interface KnownCertificate extends ListedCertificate {
  /** Whether it is in use, expired, replaced, removed or revoked. */
  readonly state: CertificateState
  /** If it is `not delivered`: the certificate that its server presents instead. */
  readonly presented?: PresentedCertificate
  /** When it was revoked, in ISO 8601, and why. Absent: it wasn't. */
  readonly revoked?: {
    /** When. */
    readonly at: string
    /** Why; absent if nobody said. */
    readonly reason?: RevocationReason
  }
}

/** An installed certificate. */
export type PlacedCertificate = KnownCertificate & {
  /** The certificate's file. */
  readonly path: string
}

/**
 * Lists all certificates that were ever issued in a folder, the oldest first, with their states; then installed
 * certificates that the ledger doesn't list.
 *
 * @param root - the folder that `init` created
 * @param now - the current time, in milliseconds since 1970
 * @throws {@link PkiError} ERR_CA_MISSING, ERR_LEDGER_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 * @example
 * ```ts
 * const ending = (await listKnown('docker-mtls')).filter(({ state }) => state === 'ends soon' || state === 'ended')
 * ```
 */
export function listKnown(root: string, now: number = Date.now()): Promise<KnownCertificate[]> {
  return listWanted(root, now, () => true)
}

/** Those of {@link listKnown} that are wanted. To find out their states takes longest. */
export async function listWanted(
  root: string,
  now: number,
  isWanted: (one: ListedCertificate) => boolean,
): Promise<KnownCertificate[]> {
  const listed = await new PkiFolder(root).list()
  const all = [...listed, ...(await findUnlisted(root, listed))]
  const clients = new Set(
    all.filter(({ kind, path }) => kind === 'client' && path !== undefined).map(({ name }) => name),
  )
  const revocations = await revocationsByFingerprint(root)
  const isCurrent = await currentCaTest(root).catch(() => () => true)
  const known: KnownCertificate[] = []
  // One file after the other: there may be more than a process may open at once.
  for (const one of all.filter(isWanted)) {
    const revocation = revocations.get(one.fingerprint256)
    if (revocation !== undefined) {
      const { revokedAt: at, reason } = revocation
      known.push({ ...one, state: 'revoked', revoked: { at, ...(reason && { reason }) } })
      continue
    }
    const state = await stateOf(one, isCurrent, now)
    const presented = await presentedInstead(one)
    if (presented !== undefined && (state === 'in use' || state === 'ends soon')) {
      known.push({ ...one, state: 'not delivered', presented })
      continue
    }
    const isRemoved = state === 'replaced' && one.kind === 'client' && !clients.has(one.name)
    known.push({ ...one, state: isRemoved && Date.parse(one.notAfter) > now ? 'removed' : state })
  }
  return known
}

/** The older certificate that a server presents. */
async function presentedInstead({
  kind,
  path,
  fingerprint256,
}: ListedCertificate): Promise<PresentedCertificate | undefined> {
  const presented = kind === 'server' && path !== undefined ? await readPresented(dirname(path)) : undefined
  return presented?.fingerprint256 === fingerprint256 ? undefined : presented
}

/** Is it installed? A replaced certificate isn't. */
export function isInPlace(one: KnownCertificate): one is PlacedCertificate {
  return one.path !== undefined
}

async function stateOf(
  { path, kind, name, notBefore, notAfter }: ListedCertificate,
  isCurrent: (pem: string) => boolean,
  now: number,
): Promise<CertificateState> {
  if (path === undefined) return kind === 'client' ? stateOfClient(name) : 'replaced'
  if (kind !== 'ca' && !(await isOfCurrentCa(path, isCurrent))) return 'of a replaced CA'
  const lifetime = { from: Date.parse(notBefore), to: Date.parse(notAfter) }
  if (expiryOf(lifetime, now) === 'expired') return 'ended'
  return expiresSoon(lifetime, now) ? 'ends soon' : 'in use'
}

/** Of a certificate that isn't in the folder of a client. */
function stateOfClient(name: string): CertificateState {
  if (ONE_DAY_CLIENT_NAME.test(name)) return 'probe'
  return GRANTED_NAME.test(name) ? 'grant' : 'replaced'
}

/** A damaged file is no reason for the list to fail. */
async function isOfCurrentCa(path: string, isCurrent: (pem: string) => boolean): Promise<boolean> {
  try {
    return isCurrent(await fs.readFile(path, 'utf8'))
  } catch {
    return true
  }
}

/** When the certificate ends that is in force: of a server, the one that it presents. */
export function endInForce({ notAfter, presented }: KnownCertificate): number {
  return Date.parse(presented?.notAfter ?? notAfter)
}

/**
 * Selects installed certificates that have expired, or expire within this time, in the order of their expiry. Of a server, the one
 * that it presents counts. Those that were revoked aren't missed.
 *
 * @param known - the certificates
 * @param within - in milliseconds
 * @param now - the current time, in milliseconds since 1970
 */
export function expiring(known: readonly KnownCertificate[], within: number, now: number): PlacedCertificate[] {
  return known
    .filter(isInPlace)
    .filter(({ state }) => state !== 'revoked')
    .filter((one) => endInForce(one) - now <= within)
    .toSorted((one, other) => endInForce(one) - endInForce(other))
}

const UNITS: Readonly<Record<string, number>> = { h: DAY_MS / 24, d: DAY_MS, w: 7 * DAY_MS }

/** A century, as for the lifetime of a CA: a longer time is more likely a typo. */
const MAX_MS = 36_500 * DAY_MS

/**
 * Parses a length of time such as `12h`, `30d` or `2w`.
 *
 * @param text - a whole number, and h, d or w
 * @param where - the option, for messages
 * @returns milliseconds
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID
 */
export function parseDuration(text: string, where: string): number {
  const [, digits = '', unit = ''] = /^([1-9]\d{0,6})([hdw])$/.exec(text) ?? []
  const milliseconds = Number(digits) * (UNITS[unit] ?? 0)
  if (milliseconds > 0 && milliseconds <= MAX_MS) return milliseconds
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `reading ${where} ${quoted(text)}`,
    got: milliseconds > MAX_MS ? 'it is more than a century' : 'it is not a length of time',
    todo: 'Use a whole number of hours, days or weeks: 12h, 30d or 2w.',
  })
}
