import { resolve } from 'node:path'
import { option, ours, sentence } from '../../base/sentence.ts'
import { ArgumentError, PkiError } from '../../base/errors.ts'
import { PkiFolder } from '../folder.ts'
import { KEY_TYPES } from '../../pki/key-type.ts'
import { parseClientName } from '../../pki/client-name.ts'
import type { FolderLeafResult } from '../ensure-leaf.ts'
import type { Passphrase } from '../../pki/encrypted-key.ts'
import { elsewhereFault, requestAgain } from '../key-held.ts'
import { checkLedger } from '../ledger-check.ts'
import { ensureIssuer } from '../issuer.ts'
import { readInstalled } from '../installed.ts'
import { issuerPaths } from '../layout.ts'
import { settleFolder } from '../leftovers.ts'
import { refuseMismatchedPairs } from '../pair-faults.ts'
import { MAX_LEAF_DAYS, parseDays } from '../../pki/lifetime.ts'
import { requestedNames } from '../../pki/recertify.ts'
import { ensureOneDayClient, hasOneDayClient } from '../one-day-client.ts'
import { runStep, type OnStep } from '../../base/progress.ts'
import { isDue, readCrl, type CrlState } from '../crl/state.ts'
import { renewLists } from '../crl/write.ts'
import { clientRevoked, revocationOf } from '../revoked.ts'
import { lifeInDays } from './due.ts'
import { isInPlace, listWanted, type KnownCertificate, type PlacedCertificate } from './known.ts'
import { refuseServers, serverCalled } from './server-called.ts'
import { planRenewal, type Named, type RenewalItem, type RenewalPlan, type RequestedRenewal } from './plan.ts'
import { checkOptions } from '../../base/options.ts'

export type { PlacedCertificate } from './known.ts'
export type { RenewalItem, RenewalReason } from './plan.ts'

/** Options of {@link renewCertificates}. Without `server`, `hosts`, `clients` and `all` it renews certificates that are due. */
export interface RenewOptions {
  /** The folder that `init` created. */
  readonly folder: string
  /** Every server. */
  readonly server?: boolean
  /** Certain servers, by their folders (`server`, `hosts/build01`, `build01`) or by a name in their certificates (localhost only if it has no other). */
  readonly hosts?: readonly string[]
  /** The names of clients. */
  readonly clients?: readonly string[]
  /** Every server and every client. */
  readonly all?: boolean
  /** The lifetime of the new certificates in days. @defaultValue that of each old one */
  readonly days?: number
  /** Reports what would be renewed, and changes nothing. @defaultValue false */
  readonly dryRun?: boolean
  /** Creates a one-day client certificate beside the server's new files, to test an apply with. @defaultValue false */
  readonly probe?: boolean
  /** Decrypts the CA key, if it is encrypted and something has to be signed. */
  readonly passphrase?: Passphrase
  /** Aborts between two certificates, never in the middle of one. */
  readonly signal?: AbortSignal
  /** Receives the progress. */
  readonly onStep?: OnStep
}

/** A certificate that was renewed, or would be. */
export interface RenewedCertificate extends RenewalItem {
  /** The requested lifetime of the new one in days. It is shorter if its CA expires earlier. */
  readonly days: number
  /** Absent after a dry run. */
  readonly result?: FolderLeafResult
}

/** The renewed certificates, and those that can't be renewed here. */
export interface RenewReport extends Omit<RenewalPlan, 'renew' | 'missing'> {
  /** The absolute path of the folder. */
  readonly folder: string
  /** The renewed certificates. */
  readonly renewed: readonly RenewedCertificate[]
  /** Servers that were not renewed now, and still present an older certificate than their newest, as far as the folder knows. */
  readonly undelivered: readonly PlacedCertificate[]
  /** Is there a one-day client certificate beside the server's files, which an apply can test access with? */
  readonly probe: boolean
  /** The revocation lists. Absent: the folder has none. */
  readonly crl?: RenewedLists
}

/** The revocation lists of a folder, and whether they were renewed: after half of their life, or because they were wrong. */
export interface RenewedLists extends CrlState {
  /** Were new ones written? After a dry run: would they be? */
  readonly isRenewed: boolean
}

const OPTIONS = [
  'folder',
  'server',
  'hosts',
  'clients',
  'all',
  'days',
  'dryRun',
  'probe',
  'passphrase',
  'signal',
  'onStep',
]

/**
 * Renews certificates in the folder that `init` created: with new keys of the same type, for the same names, and for as long
 * as before. The old files are kept beside the new ones. Everything is checked before anything is changed. Clients that were
 * revoked are left out. The revocation lists are renewed after half of their life. If one certificate can't be renewed, the others
 * and the lists are all the same; then it throws the first error.
 *
 * @throws {@link PkiError} ERR_LEDGER_MISMATCH, ERR_LEDGER_INVALID, ERR_PKI_FILE_INVALID, ERR_CLIENT_NOT_FOUND,
 *   ERR_CLIENT_REVOKED, ERR_CLIENT_KEY_ELSEWHERE, ERR_CA_MISSING, ERR_CA_INVALID, ERR_CA_EXPIRED, ERR_CA_PASSPHRASE, ERR_DAYS_INVALID, ERR_NAME_INVALID
 * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE
 * @throws {@link ArgumentError} ERR_OPTION_UNKNOWN, ERR_ARGUMENT_INVALID
 * @example
 * ```ts
 * const { renewed } = await renewCertificates({ folder: 'docker-mtls' })
 * ```
 */
export async function renewCertificates(options: RenewOptions): Promise<RenewReport> {
  checkRequested(options)
  const { folder: root, passphrase, dryRun = false, signal, onStep } = options
  const folder = new PkiFolder(root)
  if (!dryRun) await settleFolder(root)
  const installed = await readInstalled(root)
  await checkLedger(root, installed)
  // A list that is wrong may know more revoked clients than the ledger, so it comes first.
  const mended = dryRun || !(await readCrl(root))?.faults.length ? {} : await readOrRenewLists(root, dryRun, passphrase)
  const known = await listWanted(root, { installed })
  const requested = readRequested(options, known)
  const { renew, missing, ...rest } = planRenewal(known, requested, Date.now())
  await refuseRevoked(root, requested)
  refuse(root, requested, missing, rest.elsewhere)
  await refuseMismatchedPairs(
    root,
    renew.map(({ certificate }) => certificate.path),
  )
  const planned = renew.map((item) => ({ ...item, days: options.days ?? lifeInDays(item.certificate, known) }))
  const undelivered = known.filter(isInPlace).filter((one) => {
    return one.state === 'not delivered' && !planned.some(({ certificate }) => certificate.path === one.path)
  })
  const report = { folder: resolve(root), ...rest, undelivered }
  if (dryRun || planned.length === 0) {
    const lists = await readOrRenewLists(root, dryRun, passphrase)
    return { ...report, renewed: planned, probe: await hasOneDayClient(root), ...lists, ...mended }
  }
  // A wrong passphrase is refused before the first one is renewed.
  await folder.openAuthority(passphrase)
  const renewed: RenewedCertificate[] = []
  const failures: unknown[] = []
  for (const item of planned) {
    signal?.throwIfAborted()
    const { kind, name } = item.certificate
    const title = `renew the ${kind} certificate`
    try {
      const issued = (): Promise<FolderLeafResult> => issue(folder, item, passphrase)
      const result = await runStep(onStep, { step: 'renew', title, subject: name }, issued)
      renewed.push({ ...item, result })
    } catch (error) {
      failures.push(error)
    }
  }
  const isForServer = renewed.some(({ certificate: { kind, host } }) => kind === 'server' && host === undefined)
  let lists: Pick<RenewReport, 'crl'> = {}
  try {
    if (isForServer && options.probe === true) await ensureOneDayClient(folder, passphrase)
    lists = await readOrRenewLists(root, dryRun, passphrase)
  } catch (error) {
    failures.push(error)
  }
  if (failures.length > 0) throw failures[0]
  return { ...report, renewed, probe: await hasOneDayClient(root), ...lists, ...mended }
}

async function readOrRenewLists(
  root: string,
  dryRun: boolean,
  passphrase: Passphrase | undefined,
): Promise<Pick<RenewReport, 'crl'>> {
  if (!dryRun) {
    const done = await renewLists(root, passphrase)
    return done === undefined ? {} : { crl: { ...done.state, isRenewed: done.isRenewed } }
  }
  const state = await readCrl(root)
  return state === undefined ? {} : { crl: { ...state, isRenewed: isDue(state) } }
}

function checkRequested(options: RenewOptions): void {
  checkOptions(options, OPTIONS, 'renewCertificates')
  const { all = false, days } = options
  if (days !== undefined) parseDays(days, MAX_LEAF_DAYS)
  if (!all || !isNamed(options)) return
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'calling renewCertificates',
    got: 'all certificates and certain ones are both requested',
    todo: sentence`Leave out ${option('all')}, or the names.`,
  })
}

function isNamed({ server = false, hosts = [], clients = [] }: RenewOptions): boolean {
  return server || hosts.length + clients.length > 0
}

function readRequested(options: RenewOptions, known: readonly KnownCertificate[]): RequestedRenewal {
  const { folder: root, server = false, hosts = [], clients = [], all = false } = options
  if (all) return { what: 'all' }
  if (!isNamed(options)) return { what: 'due' }
  refuseServers(root, clients, known)
  const servers = hosts.map((host) => serverCalled(root, host, known).path)
  return { what: 'named', server, servers, clients: clients.map(parseClientName) }
}

function refuse(
  root: string,
  requested: RequestedRenewal,
  [missing]: readonly Named[],
  [held]: readonly RenewalItem[],
): void {
  if (missing !== undefined) throw notThere(root, missing)
  if (held === undefined || requested.what !== 'named') return
  const { name } = held.certificate
  throw new PkiError('ERR_CLIENT_KEY_ELSEWHERE', {
    tried: `renewing the client ${name}`,
    got: elsewhereFault(name),
    todo: requestAgain(root, name),
  })
}

async function refuseRevoked(root: string, requested: RequestedRenewal): Promise<void> {
  if (requested.what !== 'named') return
  for (const name of requested.clients) {
    const revocation = await revocationOf(root, name)
    if (revocation === undefined) continue
    throw clientRevoked(
      `renewing the client ${name}`,
      revocation,
      ours('cert', 'client', name, '--dir', root, '--force'),
    )
  }
}

function notThere(root: string, { kind, name }: Named): PkiError {
  const whose = kind === 'server' ? 'the server' : `the client ${name}`
  return new PkiError('ERR_CLIENT_NOT_FOUND', {
    tried: `renewing ${whose} in ${root}`,
    got: 'it has no certificate',
    todo: sentence`Check the name in the list of certificates:  ${ours('cert', 'list', '--dir', root)}  To issue a new one:  ${ours('cert', kind, name, '--dir', root)}`,
  })
}

type Planned = Omit<RenewedCertificate, 'result'>

function issue(folder: PkiFolder, { certificate, days }: Planned, passphrase?: Passphrase): Promise<FolderLeafResult> {
  const { kind, name, sans, host } = certificate
  if (kind === 'issuer')
    return renewIssuer(folder.path, name, { days, ...(passphrase !== undefined && { passphrase }) })
  const keyType = KEY_TYPES.find((type) => type === certificate.keyType)
  const options = {
    days,
    ...(keyType !== undefined && { keyType }),
    ...(passphrase !== undefined && { passphrase }),
  }
  if (kind === 'client') return folder.renewClient(name, options)
  // Expired certificates, and those of a replaced CA, are replaced only by force.
  const requested = { ...options, force: true, renew: true, ...(host !== undefined && { host }) }
  return folder.ensureServer(requestedNames(name, sans), requested)
}

async function renewIssuer(
  root: string,
  name: string,
  options: { readonly days: number; readonly passphrase?: Passphrase },
): Promise<FolderLeafResult> {
  const { action, facts, keptAside, notes } = await ensureIssuer({ folder: root, name, renew: true, ...options })
  return { facts, keptAside, notes, action: action === 'kept' ? 'kept' : 'replaced', paths: issuerPaths(root, name) }
}
