import { resolve } from 'node:path'
import { oneDayClientFolder, serverPaths } from '../layout.ts'
import { PkiFolder } from '../folder.ts'
import type { FolderAuthorityResult } from '../ca.ts'
import type { FolderLeafResult } from '../ensure-leaf.ts'
import { makeCertificates } from './certificates.ts'
import { planInit, type PlannedClient } from './plan.ts'
import type { InitOptions } from './options.ts'
import type { DaemonSettings } from '../../daemon-config/settings-in-force.ts'
import { ensureOneDayClient } from '../one-day-client.ts'
import { differs, putFile, type FileResult } from '../../base/rendered-file.ts'

export { planInit } from './plan.ts'
export type { InitOptions } from './options.ts'

/** A client, its certificate and its variables. */
export interface InitClient extends FolderLeafResult {
  /** The client's name. */
  readonly name: string
  /** The client's `.env` file. */
  readonly env: FileResult
}

/** What `init` found and made. */
export interface InitReport {
  /** Its absolute path. */
  readonly folder: string
  /** The CA. */
  readonly authority: FolderAuthorityResult
  /** The server's certificate. */
  readonly server: FolderLeafResult
  /** The systemd drop-in. */
  readonly override: FileResult
  /** What the override says: the new one, or the one that stays. */
  readonly daemon: DaemonSettings
  /** The files that `ExecStart=` was taken from; none: docker-ce's line. */
  readonly unit: readonly string[]
  /** DOCKER_HOST of the clients. */
  readonly host: string
  /** The clients that were asked for. */
  readonly clients: readonly InitClient[]
  /** The client of a day that proves an apply, where it was asked for. */
  readonly probe?: {
    /** Whether it was created or kept. */
    readonly action: 'kept' | 'created'
    /** Its folder. */
    readonly folder: string
  }
  /** Clients that were there and were not asked for: their certificates were not looked at. */
  readonly others: readonly string[]
  /** Sentences for a person. */
  readonly warnings: readonly string[]
}

/**
 * Makes everything that `docker-mtls init` makes: an authority, a server's and clients' certificates, the drop-in for
 * dockerd, and a `.env` for each client. Everything is checked before anything is written; what is there and good stays
 * as it is, and no file is ever lost.
 *
 * @param options - see {@link InitOptions}
 * @returns what is there now, and what became of each piece
 * @throws {@link PkiError} ERR_NAME_INVALID, ERR_KEY_TYPE_INVALID, ERR_CA_MISSING, ERR_CA_INVALID, ERR_CA_EXPIRED,
 *   ERR_CA_PASSPHRASE, ERR_SERVER_NAMES_CHANGED, ERR_PKI_FILE_INVALID
 * @throws {@link DaemonError} ERR_LISTEN_INVALID, ERR_LISTEN_PLAINTEXT, ERR_PATH_INVALID, ERR_USERNS_INVALID,
 *   ERR_UNIT_NOT_FOUND, ERR_UNIT_INVALID, ERR_DIRECTIVE_CONFLICT, ERR_DAEMON_JSON_INVALID, ERR_SHELL_UNQUOTABLE
 * @throws {@link FileError} ERR_FILE_EXISTS, ERR_FILE_READ, ERR_FILE_WRITE
 * @throws {@link ArgumentError} ERR_OPTION_UNKNOWN, ERR_ARGUMENT_INVALID
 * @example
 * ```ts
 * const { clients } = await initialise({ folder: 'docker-mtls', names: ['build01.example.com'], clients: ['alice'] })
 * ```
 */
export async function initialise(options: InitOptions): Promise<InitReport> {
  const plan = await planInit(options)
  const { authority, server, clients } = await makeCertificates(plan)
  const probe = options.probe === true ? await makeProbe(options) : undefined
  options.signal?.throwIfAborted()
  const force = options.force === true
  const override = await putFile(plan.override, force)
  const envs = new Map<string, FileResult>()
  for (const { name, asked, env } of plan.clients) {
    if (asked || env.existing !== undefined) envs.set(name, await putFile(env, force))
  }
  const { names } = server.facts
  const stale = force ? [] : await staleEnvs(plan.clients, [...names.dns, ...names.ip])
  return {
    folder: resolve(options.folder),
    authority,
    server,
    override,
    daemon: plan.settings,
    unit: plan.source.found?.paths ?? [],
    host: plan.host,
    clients: clients.map(({ name, result }) => ({ name, ...result, env: envOf(envs, name) })),
    ...(probe && { probe }),
    others: plan.clients.filter(({ asked }) => !asked).map(({ name }) => name),
    warnings: [...plan.warnings, ...staleOverride(override), ...stale],
  }
}

async function makeProbe({ folder, passphrase }: InitOptions): Promise<NonNullable<InitReport['probe']>> {
  const action = await ensureOneDayClient(new PkiFolder(folder), passphrase)
  return { action, folder: oneDayClientFolder(serverPaths(folder).folder) }
}

function envOf(envs: ReadonlyMap<string, FileResult>, name: string): FileResult {
  const env = envs.get(name)
  if (env === undefined) throw new TypeError(`no .env was planned for ${name}`)
  return env
}

function staleOverride({ differs: isOld, path }: FileResult): string[] {
  if (!isOld) return []
  return [`${path} stays as it is; today it would be rendered otherwise, and --force does so (the old one is kept).`]
}

/** A variable that a `.env` has otherwise than it would be written today. */
interface Change {
  readonly name: string
  readonly was: string | undefined
  readonly now: string
}

/**
 * Says of each client's `.env` that stays what is old in it. One of a client that nobody asked about counts only where it
 * is wrong: another of the server's names leads there as well.
 *
 * @param names - the server's names
 * @returns sentences for a person
 */
async function staleEnvs(clients: readonly PlannedClient[], names: readonly string[]): Promise<string[]> {
  const sentences: string[] = []
  for (const { asked, env } of clients.filter((client) => differs(client.env))) {
    const changes = await changesOf(env.existing ?? '', env.text)
    if (!asked && changes.every((change) => leadsThere(change, names))) continue
    sentences.push(
      `${env.path} stays as it is: ${changes.map(words).join('; ') || 'only its form differs'}. --force renders it anew (the old one is kept).`,
    )
  }
  return sentences
}

async function changesOf(existing: string, text: string): Promise<Change[]> {
  const { parse } = await import('dotenv')
  const was = parse(existing)
  // DOCKER_HOST_IP says the same as DOCKER_HOST.
  const today = Object.entries(parse(text)).filter(([name]) => name !== 'DOCKER_HOST_IP')
  return today.flatMap(([name, now]) => (was[name] === now ? [] : [{ name, was: was[name], now }]))
}

function words({ name, was, now }: Change): string {
  return `${name} is ${was === undefined ? 'not in it' : JSON.stringify(was)}, and would be ${JSON.stringify(now)}`
}

function leadsThere({ name, was = '', now }: Change, names: readonly string[]): boolean {
  if (name !== 'DOCKER_HOST' || !URL.canParse(was)) return false
  const { hostname, port } = new URL(was)
  return port === new URL(now).port && names.includes(hostname.replaceAll(/[[\]]/g, ''))
}
