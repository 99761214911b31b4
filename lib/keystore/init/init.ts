import { resolve } from 'node:path'
import { probeFolder, serverPaths } from '../layout.ts'
import { PkiFolder } from '../folder.ts'
import type { FolderAuthorityResult } from '../ca.ts'
import type { FolderLeafResult } from '../ensure-leaf.ts'
import { makeCertificates } from './certificates.ts'
import { planInit } from './plan.ts'
import type { InitOptions } from './options.ts'
import type { DaemonSettings } from '../../daemon-config/settings.ts'
import { ensureProbe } from '../one-day-client.ts'
import { staleEnvs } from './stale-env.ts'
import { putFile, type FileResult } from '../../base/rendered-file.ts'

/** A client, its certificate and its variables. */
export interface InitClient extends FolderLeafResult {
  readonly name: string
  readonly env: FileResult
}

/** What `init` found and made. */
export interface InitReport {
  /** Its absolute path. */
  readonly folder: string
  readonly authority: FolderAuthorityResult
  readonly server: FolderLeafResult
  readonly override: FileResult
  /** What the override says: the new one, or the one that stays. */
  readonly daemon: DaemonSettings
  /** The files that `ExecStart=` was taken from; none: docker-ce's line. */
  readonly unit: readonly string[]
  /** DOCKER_HOST of the clients. */
  readonly host: string
  readonly clients: readonly InitClient[]
  /** The client of a day that proves an apply, where it was asked for. */
  readonly probe?: { readonly action: 'kept' | 'created'; readonly folder: string }
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
  const action = await ensureProbe(new PkiFolder(folder), passphrase)
  return { action, folder: probeFolder(serverPaths(folder).folder) }
}

function envOf(envs: ReadonlyMap<string, FileResult>, name: string): FileResult {
  const env = envs.get(name)
  if (env === undefined) throw new TypeError(`no .env was planned for ${name}`)
  return env
}

function staleOverride({ differs, path }: FileResult): string[] {
  if (!differs) return []
  return [`${path} stays as it is; today it would be rendered otherwise, and --force does so (the old one is kept).`]
}
