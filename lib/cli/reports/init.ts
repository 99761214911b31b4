import { resolve } from 'node:path'
import type { InitClient, InitOptions, InitReport } from '../../keystore/init/init.ts'
import type { Context } from '../command.ts'
import { fileData, issuedData } from './data.ts'
import { nextSteps } from './next-steps.ts'
import { oldFiles, summaryText, type FileSummary } from './summary.ts'
import { keyName } from './dates.ts'
import { until } from './time-left.ts'
import { sentencesIn } from '../../base/sentence.ts'
import { enumerate } from '../../base/text.ts'

/** The report as --json has it. */
export function initData(report: InitReport, warnings: readonly string[]): object {
  const { folder, host, daemon, unit, authority, server, override, clients, others } = report
  return {
    folder,
    host,
    daemon,
    unit,
    authority: issuedData(authority),
    server: issuedData(server),
    override: fileData(override),
    clients: clients.map((client) => ({ name: client.name, ...issuedData(client), env: fileData(client.env) })),
    ...(report.probe && { probe: { ...report.probe, folder: resolve(report.probe.folder) } }),
    others,
    warnings,
  }
}

/** The report for a person, and what to do next. */
export function initText(report: InitReport, options: InitOptions, context: Context): string {
  const { clients: named, unit, podman } = options
  const summaries = [
    caSummary(report),
    serverSummary(report),
    podman === true ? podmanSummary(report) : dropInSummary(report, unit !== undefined),
    ...probeSummary(report),
    ...report.clients.map((client) => clientSummary(client, report, named === undefined)),
  ]
  const others = report.others.length === 0 ? [] : [`Not touched: the ${clientWords(report.others)}.`]
  const blocks = [...summaries.map((one) => summaryText(one, context)), ...others]
  return `${blocks.join('\n')}\n\n${nextSteps(report, options, context)}\n`
}

function clientWords(names: readonly string[]): string {
  return `${names.length === 1 ? 'client' : 'clients'} ${enumerate(names)}`
}

function caSummary({ authority: { action, paths, facts: of, keptAside, notes } }: InitReport): FileSummary {
  const about = [`the CA ${of.commonName ?? of.subject}`, `${keyName(of)}, ${until(of.validTo)}`]
  return { action, path: `${paths.folder}/`, about: [...about, ...oldFiles(keptAside), ...sentencesIn(notes)] }
}

function serverSummary({ server: { action, paths, facts: of, keptAside, notes } }: InitReport): FileSummary {
  const names = [...of.names.dns, ...of.names.ip].join(', ')
  const about = [`server certificate, ${keyName(of)}, ${until(of.validTo)}`, `for ${names}`]
  return { action, path: `${paths.folder}/`, about: [...about, ...oldFiles(keptAside), ...sentencesIn(notes)] }
}

function dropInSummary(
  { override: { action, path, keptAside }, daemon, unit }: InitReport,
  named: boolean,
): FileSummary {
  const remap = daemon.usernsRemap === undefined ? '' : `, with user namespaces (${daemon.usernsRemap})`
  const about = [
    `systemd drop-in: dockerd listens on ${enumerate(daemon.listen)}${remap}`,
    ...(action === 'kept' ? [] : [`its ExecStart= is from ${origin(unit, named)}`]),
  ]
  return { action, path, about: [...about, ...oldFiles(keptAside)] }
}

function podmanSummary({ override: { action, path, keptAside }, daemon }: InitReport): FileSummary {
  const about = [`systemd service: Podman listens on ${enumerate(daemon.listen)}`]
  return { action, path, about: [...about, ...oldFiles(keptAside)] }
}

function probeSummary({ probe }: InitReport): FileSummary[] {
  if (probe === undefined) return []
  const about = ['one-day client certificate:  daemon apply  tests access with it, and then deletes it']
  return [{ action: probe.action, path: `${probe.folder}/`, about }]
}

/** The server is often another machine, with dockerd at another path. */
function origin(unit: readonly string[], named: boolean): string {
  if (unit.length === 0) return "docker-ce's unit, because none is installed here; for another: --unit FILE"
  return `${enumerate(unit)}${named ? '' : ' of this machine; for another: --unit FILE'}`
}

function clientSummary(client: InitClient, { host }: InitReport, byDefault: boolean): FileSummary {
  const { name, action, paths, facts: of, keptAside, notes, env } = client
  const about = [
    `client certificate of ${name}, ${keyName(of)}, ${until(of.validTo)}`,
    ...(byDefault ? ['named after your login, because --client is not given'] : []),
  ]
  const variables = env.action === 'kept' ? [] : [`.env with DOCKER_HOST ${host}`]
  return {
    action,
    path: `${paths.folder}/`,
    about: [...about, ...variables, ...oldFiles(keptAside), ...oldFiles(env.keptAside), ...sentencesIn(notes)],
  }
}
