import { resolve } from 'node:path'
import { oneDayClientFolder, serverPaths } from '../layout.ts'
import type { PkiFolder } from '../folder.ts'
import type { FolderAuthorityResult } from '../ca.ts'
import type { FolderLeafResult } from '../ensure-leaf.ts'
import { makeCertificates } from './certificates.ts'
import { planInit, type InitPlan, type InitWarning, type PlannedClient } from './plan.ts'
import type { InitOptions } from './options.ts'
import type { DaemonSettings } from '../../daemon-config/settings-in-force.ts'
import { ensureOneDayClient, hasOneDayClient } from '../one-day-client.ts'
import type { Passphrase } from '../../pki/encrypted-key.ts'
import { option, sentence } from '../../base/sentence.ts'
import { warningTexts } from '../../base/warning.ts'
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

/** What {@link initialise} created and kept. */
export interface InitReport {
  /** The absolute path of the folder. */
  readonly folder: string
  /** The CA. */
  readonly authority: FolderAuthorityResult
  /** The server's certificate. */
  readonly server: FolderLeafResult
  /** The systemd drop-in. */
  readonly override: FileResult
  /** The settings in the drop-in, the new one or the one that stays. */
  readonly daemon: DaemonSettings
  /** The files that `ExecStart=` is from. Empty: it is docker-ce's. */
  readonly unit: readonly string[]
  /** DOCKER_HOST for the clients. */
  readonly host: string
  /** The requested clients. */
  readonly clients: readonly InitClient[]
  /** The one-day client certificate for `daemon apply`, if it was requested or is there from an earlier run. */
  readonly probe?: {
    /** Whether it was created or kept. */
    readonly action: 'kept' | 'created'
    /** Its folder. */
    readonly folder: string
  }
  /** Other clients of the folder. Their certificates were not checked. */
  readonly others: readonly string[]
  /** What you should know, as sentences. */
  readonly warnings: readonly string[]
}

/**
 * Does what `docker-mtls init` does: creates a CA, certificates for a server and its clients, the systemd drop-in for dockerd,
 * and a `.env` for each client. Everything is checked before anything is written. Valid files stay as they are, and no file is
 * ever lost.
 *
 * @param options - see {@link InitOptions}
 * @returns all files, and whether each was created, kept or replaced
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
  return carryOutInit(await planInit(options), options.passphrase)
}

/**
 * Creates what is planned. You can call it again if the passphrase was wrong: nothing was written then.
 *
 * @throws the errors of {@link initialise}
 */
export async function carryOutInit(plan: InitPlan, passphrase?: Passphrase): Promise<InitReport> {
  const { folder, force, probe, signal } = plan.request
  const { authority, server, clients } = await makeCertificates(plan, passphrase)
  const oneDay = probe ? await makeProbe(folder, passphrase) : await existingProbe(folder)
  signal?.throwIfAborted()
  const override = await putFile(plan.override, force)
  const envs = new Map<string, FileResult>()
  for (const { name, isRequested, env } of plan.clients) {
    if (isRequested || env.existing !== undefined) envs.set(name, await putFile(env, force))
  }
  const { names } = server.facts
  const stale = force ? [] : await staleEnvs(plan.clients, [...names.dns, ...names.ip])
  return {
    folder: resolve(folder.path),
    authority,
    server,
    override,
    daemon: plan.settings,
    unit: plan.unit,
    host: plan.host,
    clients: clients.map(({ name, result }) => ({ name, ...result, env: envOf(envs, name) })),
    ...(oneDay && { probe: oneDay }),
    others: plan.clients.filter(({ isRequested }) => !isRequested).map(({ name }) => name),
    warnings: warningTexts([...plan.warnings, ...staleDropIn(override), ...stale]),
  }
}

async function makeProbe(folder: PkiFolder, passphrase?: Passphrase): Promise<NonNullable<InitReport['probe']>> {
  const action = await ensureOneDayClient(folder, passphrase)
  return { action, folder: oneDayClientFolder(serverPaths(folder.path).folder) }
}

async function existingProbe({ path }: PkiFolder): Promise<InitReport['probe']> {
  const isUsable = await hasOneDayClient(path)
  return isUsable ? { action: 'kept', folder: oneDayClientFolder(serverPaths(path).folder) } : undefined
}

function envOf(envs: ReadonlyMap<string, FileResult>, name: string): FileResult {
  const env = envs.get(name)
  if (env === undefined) throw new TypeError(`no .env was planned for ${name}`)
  return env
}

/** How to replace a file that stays. */
const REPLACE = sentence`To replace it, set ${option('force', 'true')}; the old file is kept beside the new one.`

function staleDropIn({ differs: isOld, path }: FileResult): InitWarning[] {
  const text = sentence`${path} stays as it is, although docker-mtls would render it differently now. ${REPLACE}`
  return isOld ? [{ code: 'drop-in-stays', text }] : []
}

/** A variable whose value in an existing `.env` differs from the one that would be written now. */
interface Change {
  readonly name: string
  readonly was: string | undefined
  readonly now: string
}

/**
 * Warns about each client's `.env` that stays although it is out of date. For a client that wasn't requested, another of the
 * server's names is fine.
 *
 * @param names - the server's names
 */
async function staleEnvs(clients: readonly PlannedClient[], names: readonly string[]): Promise<InitWarning[]> {
  const warnings: InitWarning[] = []
  for (const { isRequested, env } of clients.filter((client) => differs(client.env))) {
    const changes = await changesOf(env.existing ?? '', env.text)
    if (!isRequested && changes.every((change) => isSameServer(change, names))) continue
    const what = changes.map(describeChange).join('; ') || 'it differs only in form'
    warnings.push({ code: 'env-stays', text: sentence`${env.path} stays as it is: ${what}. ${REPLACE}` })
  }
  return warnings
}

async function changesOf(existing: string, text: string): Promise<Change[]> {
  const { parse } = await import('dotenv')
  const was = parse(existing)
  // DOCKER_HOST_IP says the same as DOCKER_HOST.
  const today = Object.entries(parse(text)).filter(([name]) => name !== 'DOCKER_HOST_IP')
  return today.flatMap(([name, now]) => (was[name] === now ? [] : [{ name, was: was[name], now }]))
}

function describeChange({ name, was, now }: Change): string {
  return `${name} is ${was === undefined ? 'missing' : JSON.stringify(was)}, and would be ${JSON.stringify(now)} now`
}

function isSameServer({ name, was = '', now }: Change, names: readonly string[]): boolean {
  if (name !== 'DOCKER_HOST' || !URL.canParse(was)) return false
  const { hostname, port } = new URL(was)
  return port === new URL(now).port && names.includes(hostname.replaceAll(/[[\]]/g, ''))
}
