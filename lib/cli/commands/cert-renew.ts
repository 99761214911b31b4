import { ours, renderSentence, SELF, type Sentence, sentence, sentencesIn } from '../../base/sentence.ts'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import type { RenewalItem, RenewedCertificate, RenewReport } from '../../keystore/renew/renew.ts'
import type { CommandSpec, Context } from '../command.ts'
import { issuedData } from '../reports/data.ts'
import { usageError } from '../errors.ts'
import {
  addFolder,
  addJson,
  addPassphraseFile,
  addProbe,
  folderFlags,
  many,
  once,
  readDays,
} from '../command-line/options.ts'
import { withPassphrase, type PassphraseFlags } from '../terminal/passphrase.ts'
import { COPY_TO_GATEWAYS, crlData, crlLines, deliveryLines, keptAsideWarnings } from '../reports/crl.ts'
import { isUrgent, undeliveredWarning } from '../reports/undelivered.ts'
import { oldFiles, summaryText } from '../reports/summary.ts'
import { serverSteps } from '../reports/server-steps.ts'
import { staleContextWarnings } from '../reports/stale-contexts.ts'
import { day, keyName } from '../reports/dates.ts'
import { until } from '../reports/time-left.ts'
import { withFolder, type FolderFlags } from '../inputs/key-folder.ts'

interface RenewFlags extends PassphraseFlags, FolderFlags {
  readonly server?: true
  readonly host?: readonly string[]
  readonly all?: true
  readonly due?: true
  readonly days?: string
  readonly dryRun?: true
  readonly probe?: true
  readonly json?: true
}

type PlacedFlags = RenewFlags & { readonly dir: string }

async function runRenew(clients: readonly string[], flags: RenewFlags, context: Context): Promise<void> {
  const { renewCertificates } = await import('../../keystore/renew/renew.ts')
  const { server = false, host: hosts = [], all = false, dryRun = false, probe = false, days } = flags
  refuseContradiction(clients, flags)
  const { dir: folder } = await withFolder(flags, context)
  const options = {
    folder,
    clients,
    server,
    hosts,
    all,
    dryRun,
    probe,
    ...(days !== undefined && { days: readDays(days) }),
  }
  const run = (passphrase: string | undefined): Promise<RenewReport> =>
    renewCertificates({
      ...options,
      signal: context.io.signal,
      ...(passphrase !== undefined && { passphrase }),
    })
  const report = await withPassphrase({ folder, flags, run }, context)
  const isChanged = report.renewed.some(({ result }) => result !== undefined)
  const stale = isChanged ? await staleContextWarnings(folder, context) : []
  const undelivered = report.undelivered.map((one) => undeliveredWarning(one, folder))
  const warnings = [
    ...(await warningsOf(report, folder)),
    ...(await Promise.all(undelivered)),
    ...keptAsideWarnings(report.crl ?? {}),
    ...stale,
  ]
  const texts = warnings.map((warning) => renderSentence(warning))
  const text = await textOf(report, { ...flags, dir: folder }, context)
  const failed = flags.due === true && report.undelivered.some(isUrgent)
  context.answer({ data: dataOf(report, texts), text, warnings, failed }, flags)
}

function refuseContradiction(clients: readonly string[], { server, host, all, due }: RenewFlags): void {
  const named = [...(server ? ['--server'] : []), ...(host === undefined ? [] : ['--host']), ...clients]
  const ways = [...(all ? ['--all'] : []), ...(due ? ['--due'] : []), ...named.slice(0, 1)]
  if (ways.length < 2) return
  throw usageError(sentence`${SELF} cert renew`, `${ways[0]} and ${ways[1]} can't be combined`, 'Give one of them.')
}

async function warningsOf({ elsewhere, authority }: RenewReport, folder: string): Promise<Sentence[]> {
  const { requestAgain } = await import('../../keystore/keystore.ts')
  const held = elsewhere.map(
    ({ certificate: { name }, reason }) =>
      sentence`The client certificate of ${name} is due: ${REASONS[reason]}. Its key is on its own machine. ${requestAgain(folder, name)}`,
  )
  if (authority === undefined) return held
  const { name, notAfter } = authority.certificate
  const line = ours('cert', 'rotate-ca', '--dir', folder)
  return [
    ...held,
    sentence`The CA ${name} has used two thirds of its lifetime, ${until(new Date(notAfter))}. Rotate it:  ${line}`,
  ]
}

function dataOf(
  { folder, renewed, elsewhere, authority, next, crl }: RenewReport,
  warnings: readonly string[],
): object {
  return {
    folder,
    renewed: renewed.map(({ result, days, ...item }) => ({
      ...itemData(item),
      days,
      ...(result && issuedData(result)),
    })),
    elsewhere: elsewhere.map(itemData),
    ...(authority && { authority: itemData(authority) }),
    ...(next && { next: { kind: next.certificate.kind, name: next.certificate.name, on: next.on } }),
    ...(crl && { crl: { renewed: crl.isRenewed, ...crlData(crl) } }),
    warnings,
  }
}

function itemData({ certificate: { kind, name, serial, notAfter }, reason }: RenewalItem): object {
  return { kind, name, reason, old: { serial, notAfter } }
}

async function textOf(report: RenewReport, flags: PlacedFlags, context: Context): Promise<string> {
  const { renewed } = report
  const lists = listsText(report, flags, context)
  if (renewed.length === 0) return lists === '' && flags.due !== true ? nothingText(report) : lists
  const summaries = renewed.map((one) => (one.result === undefined ? plannedText(one) : renewedText(one, context)))
  const steps = flags.dryRun === true ? '' : `\n${await carryText(report, flags, context)}`
  return `${lists}${summaries.join('\n')}\n${steps}`
}

function listsText({ crl }: RenewReport, { dir, dryRun }: PlacedFlags, context: Context): string {
  if (crl?.isRenewed !== true) return ''
  if (dryRun === true) return `would renew the revocation list ${crl.path}\n`
  const about = [...crlLines(crl), COPY_TO_GATEWAYS]
  const summary = summaryText({ action: 'replaced', path: crl.path, about }, context)
  return [summary, ...deliveryLines(crl, dir, context), ''].join('\n')
}

function nothingText({ next }: RenewReport): string {
  if (next === undefined) return 'Nothing is due.\n'
  const { kind, name } = next.certificate
  return `Nothing is due. Next is the ${kind} ${name}, on ${day(next.on)}.\n`
}

function plannedText({ certificate: { kind, name, notAfter }, reason, days }: RenewedCertificate): string {
  return `would renew the ${kind} ${name} for ${days} ${days === 1 ? 'day' : 'days'}: ${REASONS[reason]}, ${until(new Date(notAfter))}`
}

const REASONS: Readonly<Record<RenewalItem['reason'], string>> = {
  'asked for': 'you asked for it',
  'past two thirds of its life': 'it has used two thirds of its lifetime',
  ended: 'it has expired',
  'of a replaced CA': 'a replaced CA issued it',
}

function renewedText({ certificate, reason, result }: RenewedCertificate, context: Context): string {
  const { kind, name, notAfter } = certificate
  if (result === undefined) return ''
  const { action, paths, facts, keptAside, notes } = result
  const about = [
    `${kind} certificate of ${name}, ${keyName(facts)}, ${until(facts.validTo)}; renewed because ${REASONS[reason]}`,
    // A server's old certificate is gone with its file; a client's copies of it aren't.
    ...(kind === 'client' && Date.parse(notAfter) > Date.now() && reason !== 'of a replaced CA'
      ? [`dockerd also accepts the old certificate, ${until(new Date(notAfter))}`]
      : []),
    ...oldFiles(keptAside),
    ...sentencesIn(notes),
  ]
  return summaryText({ action, path: `${paths.folder}/`, about }, context)
}

/** New certificates take effect only on their machines. */
async function carryText({ renewed, probe }: RenewReport, { dir }: PlacedFlags, context: Context): Promise<string> {
  const { typed, paint } = context
  const steps = renewed.map(async ({ certificate: { kind, name, host }, result }) => {
    if (result === undefined) return []
    if (kind === 'client') {
      return [
        `for ${name}, to copy to that client's machine:`,
        `  ${typed([ours('client', 'export', name, ...folderFlags(dir), '--out', `${name}.tar`, '--force')])}`,
      ]
    }
    if (kind === 'issuer')
      return [
        `on the host of the gateway that has the issuer ${name}, in the place of the old file:`,
        `  ${result.paths.cert}`,
      ]
    const server = { dir, folder: resolve(result.paths.folder), host, probe }
    const { heading, commands } = await serverSteps(server, context)
    return [`${heading}:`, ...commands.map((command) => `  ${command}`)]
  })
  const lines = (await Promise.all(steps)).flat()
  return `${paint('bold', 'Copy the new files to their machines. Until then, the old ones stay in use:')}\n${lines.map((line) => `  ${line}\n`).join('')}`
}

function define(command: Command, context: Context): void {
  command.argument('[client...]', 'clients to renew now, due or not')
  command
    .option('--server', 'renew the certificates of all servers now, due or not')
    .option(
      '--host <host>',
      'renew the certificate of this server now, by its folder here (server, hosts/HOST) or one of its names; repeatable',
      many('--host'),
    )
    .option('--all', 'renew the certificates of all servers and clients now')
    .option(
      '--due',
      'renew certificates that have used two thirds of their lifetime (default); for timers: prints nothing if none is due',
    )
  addFolder(command)
  command
    .option('--days <days>', 'how many days the new ones are valid (default: as long as the old ones)', once('--days'))
    .option('--dry-run', 'show what would be renewed, and change nothing')
  addProbe(command)
  addPassphraseFile(command)
  addJson(command).action((clients: string[], flags: RenewFlags) => runRenew(clients, flags, context))
}

export const certRenew: CommandSpec = {
  description:
    'Renews certificates that have used two thirds of their lifetime, or those you name: with a new key of the same type, ' +
    'for the same names, for as long as before. Issuers keep their key. The old files are kept beside the new ones. Revoked clients are left out. It ' +
    'also renews the revocation list, if there is one, after half of its life. To replace the CA, use  cert rotate-ca .',
  examples: [
    [sentence`${SELF} cert renew`, 'all certificates that are due'],
    [sentence`${SELF} cert renew --dry-run`, 'show which ones are due'],
    [sentence`${SELF} cert renew alice bob`, 'these two clients, now'],
    [sentence`${SELF} cert renew --server --days 90`, 'the server, for 90 days from now on'],
    [sentence`${SELF} cert renew --host build01.example.com`, 'one of several servers'],
    [
      sentence`${SELF} cert renew --server --probe`,
      'also create the one-day client certificate that  daemon apply  tests with',
    ],
  ],
  json: '{ folder, renewed: [{ kind, name, reason, old, days, action, paths, certificate, keptAside, notes }], elsewhere, authority, next, crl, warnings };\nelsewhere are clients whose keys are on their own machines; authority is a CA that you should rotate; crl is that of  cert crl , with renewed, and missing without revocation lists.',
  define,
}
