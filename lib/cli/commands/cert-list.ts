import { ours, SELF, type Sentence, sentence } from '../../base/sentence.ts'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { endInForce, type CertificateState, type KnownCertificate } from '../../keystore/renew/known.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addFolder, addJson, once } from '../command-line/options.ts'
import { columns } from '../terminal/layout.ts'
import { reissueLine, renewLine } from '../reports/reissue.ts'
import { undeliveredWarning } from '../reports/undelivered.ts'
import { STATES } from '../reports/certificate-states.ts'
import { day, daysLeft } from '../reports/dates.ts'
import { readConflicts, type Conflicts } from '../reports/conflicts.ts'
import { withFolder, type FolderFlags } from '../inputs/key-folder.ts'
import { printable } from '../../base/text.ts'
import type { CrlState } from '../../keystore/crl/state.ts'
import { crlData, crlLines, crlWarnings } from '../reports/crl.ts'

interface ListFlags extends FolderFlags {
  readonly expiring?: string
  readonly prometheus?: string
  readonly json?: true
}

const HEADS = ['KIND', 'NAME', 'EXPIRES', 'DAYS LEFT', 'STATE']

async function runList(flags: ListFlags, context: Context): Promise<void> {
  const { listWanted } = await import('../../keystore/renew/known.ts')
  const { readInstalled } = await import('../../keystore/check.ts')
  const within = await withinOf(flags)
  await checkMetrics(flags)
  const { dir } = await withFolder(flags, context)
  const installed = await readInstalled(dir)
  const all = await listWanted(dir, { installed })
  const listed = within === undefined ? all : await endingWithin(all, within)
  await writeMetrics(flags, all)
  const conflicts = await readConflicts(dir, installed)
  const rotation = await rotationWarnings(dir)
  const { readCrl } = await import('../../keystore/crl/state.ts')
  const crl = await readCrl(dir)
  const listFaults = crl === undefined ? [] : crlWarnings(crl, dir)
  const warnings = [
    ...rotation,
    ...(await warningsOf(listed, { ...flags, dir, isRotated: rotation.length > 0 })),
    ...listFaults,
    ...conflicts.warnings,
  ]
  // Monitoring must not report success on a ledger or a revocation list that is wrong.
  const faults = conflicts.found.length + conflicts.ledger.faults.length + listFaults.length
  const failed = conflicts.isFatal || (within !== undefined && listed.length + faults > 0)
  const text = `${textOf(listed, flags, context)}${within === undefined ? crlText(crl) : ''}`
  const data = { ...dataOf(listed, conflicts, dir), ...(crl && { crl: crlData(crl) }) }
  context.answer({ data, text, warnings, failed }, flags)
}

function crlText(crl: CrlState | undefined): string {
  if (crl === undefined || crl.lists.length === 0) return ''
  return `\nRevocation list ${crl.path}:\n${crlLines(crl)
    .map((line) => `  ${printable(line)}\n`)
    .join('')}`
}

async function withinOf({ expiring }: ListFlags): Promise<number | undefined> {
  if (expiring === undefined) return undefined
  const { parseDuration } = await import('../../keystore/renew/known.ts')
  return parseDuration(expiring, '--expiring')
}

async function endingWithin(all: readonly KnownCertificate[], within: number): Promise<KnownCertificate[]> {
  const { expiring } = await import('../../keystore/renew/known.ts')
  return expiring(all, within, Date.now())
}

/** Checked first: node_exporter reads only certain file names. */
async function checkMetrics({ prometheus }: ListFlags): Promise<void> {
  if (prometheus === undefined) return
  const { checkPrometheusPath } = await import('../../keystore/renew/prometheus.ts')
  checkPrometheusPath(prometheus)
}

async function writeMetrics({ prometheus }: ListFlags, all: readonly KnownCertificate[]): Promise<void> {
  if (prometheus === undefined) return
  const { writePrometheus } = await import('../../keystore/renew/prometheus.ts')
  await writePrometheus(prometheus, all)
}

function dataOf(listed: readonly KnownCertificate[], { found, ledger }: Conflicts, dir: string): object {
  return {
    folder: resolve(dir),
    certificates: listed.map((one) => ({
      ...one,
      ...(one.path !== undefined && { path: resolve(one.path) }),
      daysLeft: daysLeft(new Date(endInForce(one))),
    })),
    conflicts: found.map((one) => ({ ...one, path: resolve(one.path) })),
    ledger,
  }
}

/** Empty if nothing expires: cron mails everything that a job prints. */
function textOf(listed: readonly KnownCertificate[], { expiring }: ListFlags, { paint, width }: Context): string {
  if (expiring !== undefined && listed.length === 0) return ''
  const rows = listed.map((one) => {
    const ends = new Date(endInForce(one))
    return [one.kind, labelOf(one, listed), day(ends), String(daysLeft(ends)), STATES[one.state]]
  })
  const [head = '', ...lines] = columns([HEADS, ...rows], width)
  return `${[paint('bold', head), ...lines].join('\n')}\n`
}

/** The name, with its folder if several servers share that name. */
function labelOf(one: KnownCertificate, listed: readonly KnownCertificate[]): string {
  const { kind, name, host, path } = one
  if (kind !== 'server' || path === undefined) return name
  const isAlone = listed.every((other) => other === one || other.path === undefined || other.name !== name)
  return isAlone ? name : `${name} (${host === undefined ? 'server' : `hosts/${host}`})`
}

const SAID: Readonly<Partial<Record<CertificateState, string>>> = {
  'ends soon': 'expires soon',
  ended: 'has expired',
  'of a replaced CA': 'was issued by a replaced CA',
}

const REISSUE_ALL = ' . The certificates that it issued are useless then: issue those of all servers and clients again.'

interface Circumstances {
  readonly dir: string
  readonly isRotated: boolean
  /** The time within which all listed certificates expire. */
  readonly expiring?: string
}

async function warningsOf(
  listed: readonly KnownCertificate[],
  { dir, isRotated, expiring }: Circumstances,
): Promise<Sentence[]> {
  const { requestAgain } = await import('../../keystore/keystore.ts')
  const remedy = (one: KnownCertificate): Sentence => {
    if (one.kind === 'ca' && (one.state !== 'ended' || isRotated))
      return sentence` ${ours('cert', 'rotate-ca', '--dir', dir)}`
    if (one.kind === 'ca') return sentence` ${reissueLine(one, dir)}${REISSUE_ALL}`
    if (one.keyHeld === 'client') return sentence`its key is on its own machine. ${requestAgain(dir, one.name)}`
    return sentence` ${one.state === 'of a replaced CA' ? reissueLine(one, dir) : renewLine(one, dir)}`
  }
  const warnings = listed.map(async (one): Promise<Sentence[]> => {
    if (one.state === 'not delivered') return [await undeliveredWarning(one, dir)]
    const said = SAID[one.state] ?? (expiring === undefined ? undefined : `expires within ${expiring}`)
    return said === undefined ? [] : [sentence`The certificate of ${one.name} ${said}: ${remedy(one)}`]
  })
  return (await Promise.all(warnings)).flat()
}

/** The list alone doesn't show that a rotation is under way. */
async function rotationWarnings(dir: string): Promise<Sentence[]> {
  const { readRotation } = await import('../../keystore/rotate/state.ts')
  const state = await readRotation(dir)
  if (state === undefined) return []
  const line = ours('cert', 'rotate-ca', '--status', '--dir', dir)
  return [sentence`A rotation from ${state.from.name} to ${state.to.name} is in the phase ${state.phase}:  ${line}`]
}

function define(command: Command, context: Context): void {
  addFolder(command)
  command
    .option(
      '--expiring <time>',
      'list only certificates in use that expire within this time (30d, 12h, 2w) or have expired; exit code 1 if there are any, if a file and the ledger disagree, if lines of the ledger were changed or removed, or if a revocation list has expired or is wrong',
      once('--expiring'),
    )
    .option(
      '--prometheus <file>',
      "write metrics for node_exporter's textfile collector to this file, NAME.prom",
      once('--prometheus'),
    )
  addJson(command).action((flags: ListFlags) => runList(flags, context))
}

export const certList: CommandSpec = {
  description:
    'Lists all certificates that were ever issued in a folder, oldest first, and those that are missing from its ledger, ' +
    'ca/ledger.jsonl. Replaced and revoked certificates are listed too, because dockerd accepts them until they expire. ' +
    'If the folder has revocation lists, it also shows until when they are valid. ' +
    'Exit code 1 if a key and its certificate do not match.',
  examples: [
    [sentence`${SELF} cert list`, 'in ./docker-mtls'],
    [sentence`${SELF} cert list --expiring 30d`, 'for monitoring: exit code 1 if a certificate expires within 30 days'],
    [
      sentence`${SELF} cert list --prometheus /var/lib/node_exporter/docker-mtls.prom`,
      'the dates as metrics; the file is replaced atomically',
    ],
    [sentence`${SELF} cert list --dir /srv/keys --json`, 'another folder, for a program'],
  ],
  json: '{ folder, certificates: [{ kind, name, sans, serial, fingerprint256, notBefore, notAfter, issuedAt, keyType, keyHeld, daysLeft, state, presented: { serial, fingerprint256, notBefore, notAfter }, revoked: { at, reason }, path }],\nconflicts: [{ path, kind, got }] };\nkind of a conflict is "unknown", "differs", "unreadable", or "key" (certificate and key do not match);\nledger: { entries, state, chained, faults: [{ kind, line, got }], accepted };\nkind of a fault is "changed", "removed", "added" or "head" (ledger-heads.jsonl); keep state elsewhere to notice a ledger that was written again;\nstate is "in use", "ends soon" (has used two thirds of its lifetime, and ends within 30 days), "ended" (expired),\n"not delivered" (its server still presents another one, as far as the folder knows: presented, to which daysLeft belongs),\n"of a replaced CA" (installed, but useless),\n"probe" (a one-day client certificate), "removed" (its client was removed here; dockerd still accepts it),\n"revoked" (gateways refuse it) or "replaced". crl is that of  cert crl , and missing without revocation lists.',
  reads: true,
  define,
}
