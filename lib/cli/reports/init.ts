import { resolve } from 'node:path'
import type { InitClient, InitReport, InitOptions } from '../../keystore/init/init.ts'
import type { FileResult } from '../../base/rendered-file.ts'
import type { Context } from '../command.ts'
import { pieceData } from './data.ts'
import { nextSteps } from './next-steps.ts'
import { aside, pieceText, type Piece } from './certificate.ts'
import { keyWords, until } from './dates.ts'
import { enumerate } from '../../base/text.ts'

/** The report as --json has it. */
export function initData(report: InitReport, warnings: readonly string[]): object {
  const { folder, host, daemon, unit, authority, server, override, clients, others } = report
  return {
    folder,
    host,
    daemon,
    unit,
    authority: pieceData(authority),
    server: pieceData(server),
    override: fileData(override),
    clients: clients.map((client) => ({ name: client.name, ...pieceData(client), env: fileData(client.env) })),
    ...(report.probe && { probe: { ...report.probe, folder: resolve(report.probe.folder) } }),
    others,
    warnings,
  }
}

function fileData({ path, keptAside, ...rest }: FileResult): object {
  return { path: resolve(path), ...rest, keptAside: keptAside.map((old) => resolve(old)) }
}

/** The report for a person, and what to do next. */
export function initText(report: InitReport, options: InitOptions, context: Context): string {
  const { clients: named, unit } = options
  const pieces = [
    authorityPiece(report),
    serverPiece(report),
    overridePiece(report, unit !== undefined),
    ...probePiece(report),
    ...report.clients.map((client) => clientPiece(client, report, named === undefined)),
  ]
  const others = report.others.length === 0 ? [] : [`Not touched: the ${clientWords(report.others)}.`]
  const blocks = [...pieces.map((piece) => pieceText(piece, context)), ...others]
  return `${blocks.join('\n')}\n\n${nextSteps(report, options, context)}\n`
}

function clientWords(names: readonly string[]): string {
  return `${names.length === 1 ? 'client' : 'clients'} ${enumerate(names)}`
}

function authorityPiece({ authority: { action, paths, facts: of, keptAside, notes } }: InitReport): Piece {
  const about = [`the CA ${of.commonName ?? of.subject}`, `${keyWords(of)}, ${until(of.validTo)}`]
  return { action, path: `${paths.folder}/`, about: [...about, ...aside(keptAside), ...notes] }
}

function serverPiece({ server: { action, paths, facts: of, keptAside, notes } }: InitReport): Piece {
  const names = [...of.names.dns, ...of.names.ip].join(', ')
  const about = [`server certificate, ${keyWords(of)}, ${until(of.validTo)}`, `for ${names}`]
  return { action, path: `${paths.folder}/`, about: [...about, ...aside(keptAside), ...notes] }
}

function overridePiece({ override: { action, path, keptAside }, daemon, unit }: InitReport, named: boolean): Piece {
  const remap = daemon.usernsRemap === undefined ? '' : `, with user namespaces (${daemon.usernsRemap})`
  const about = [
    `systemd drop-in: dockerd listens on ${daemon.listen.join(' and ')}${remap}`,
    ...(action === 'kept' ? [] : [`its ExecStart= is from ${origin(unit, named)}`]),
  ]
  return { action, path, about: [...about, ...aside(keptAside)] }
}

function probePiece({ probe }: InitReport): Piece[] {
  if (probe === undefined) return []
  const about = ['one-day client certificate:  daemon apply  tests access with it, and then deletes it']
  return [{ action: probe.action, path: `${probe.folder}/`, about }]
}

/** The server is often another machine, with dockerd at another path. */
function origin(unit: readonly string[], named: boolean): string {
  if (unit.length === 0) return "docker-ce's unit, because none is installed here; for another: --unit FILE"
  return `${unit.join(' and ')}${named ? '' : ' of this machine; for another: --unit FILE'}`
}

function clientPiece(client: InitClient, { host }: InitReport, byDefault: boolean): Piece {
  const { name, action, paths, facts: of, keptAside, notes, env } = client
  const about = [
    `client certificate of ${name}, ${keyWords(of)}, ${until(of.validTo)}`,
    ...(byDefault ? ['named after your login, because --client is not given'] : []),
  ]
  const variables = env.action === 'kept' ? [] : [`.env with DOCKER_HOST ${host}`]
  return {
    action,
    path: `${paths.folder}/`,
    about: [...about, ...variables, ...aside(keptAside), ...aside(env.keptAside), ...notes],
  }
}
