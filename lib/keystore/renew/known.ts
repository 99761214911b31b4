import { dirname } from 'node:path'
import { ArgumentError } from '../../base/errors.ts'
import { mapInBatches } from '../../base/files.ts'
import { quoted } from '../../base/text.ts'
import { listCertificates, readInstalled, type Installed, type ListedCertificate } from '../installed.ts'
import { findUnlisted } from '../ledger-check.ts'
import { DAY_MS, expiresSoon, expiryOf } from '../../base/expiry.ts'
import { currentCaTest, type CaTest } from '../rotate/cas.ts'
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
  return listWanted(root, { now })
}

/** What {@link listWanted} needs to know. */
interface Wanted {
  /** @defaultValue {@link Date.now} */
  readonly now?: number
  /** @defaultValue all */
  readonly isWanted?: (one: ListedCertificate) => boolean
  /** The files, if they were read already. */
  readonly installed?: readonly Installed[]
}

/** Those of {@link listKnown} that are wanted: finding out their states takes longest. */
export async function listWanted(root: string, wanted: Wanted = {}): Promise<KnownCertificate[]> {
  const { now = Date.now(), isWanted = () => true, installed = await readInstalled(root) } = wanted
  const listed = await listCertificates(root, installed)
  const all = [...listed, ...(await findUnlisted(root, listed, installed))]
  const clients = new Set(
    all.filter(({ kind, path }) => kind === 'client' && path !== undefined).map(({ name }) => name),
  )
  const revocations = await revocationsByFingerprint(root)
  const files = new Map(installed.map((one) => [one.place.path, one]))
  const isCurrent = await currentCaTest(root).catch(() => () => true)
  return mapInBatches(all.filter(isWanted), async (one): Promise<KnownCertificate> => {
    const revocation = revocations.get(one.fingerprint256)
    if (revocation !== undefined) {
      const { revokedAt: at, reason } = revocation
      return { ...one, state: 'revoked', revoked: { at, ...(reason && { reason }) } }
    }
    const state = stateOf(one, files.get(one.path ?? ''), isCurrent, now)
    const presented = await presentedInstead(one)
    if (presented !== undefined && (state === 'in use' || state === 'ends soon'))
      return { ...one, state: 'not delivered', presented }
    const isRemoved = state === 'replaced' && one.kind === 'client' && !clients.has(one.name)
    return { ...one, state: isRemoved && Date.parse(one.notAfter) > now ? 'removed' : state }
  })
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

function stateOf(
  { kind, name, notBefore, notAfter }: ListedCertificate,
  file: Installed | undefined,
  isCurrent: CaTest,
  now: number,
): CertificateState {
  if (file === undefined) return kind === 'client' ? stateOfClient(name) : 'replaced'
  if (kind !== 'ca' && !isOfCurrentCa(file, isCurrent)) return 'of a replaced CA'
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
function isOfCurrentCa(file: Installed, isCurrent: CaTest): boolean {
  try {
    return isCurrent(file)
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
