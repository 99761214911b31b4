import { join, resolve } from 'node:path'
import { parseUnit } from '../../daemon-config/unit/parse-unit.ts'
import { renderClientEnv } from '../../endpoint/client-env.ts'
import { TLS_PORT } from '../../base/ports.ts'
import { option, sentence } from '../../base/sentence.ts'
import type { Warning } from '../../base/warning.ts'
import type { DaemonWarningCode } from '../../daemon-config/warnings.ts'
import { DaemonError, FileError, isDockerMtlsError, PkiError } from '../../base/errors.ts'
import { KEY_MODE, PUBLIC_MODE, isFolder, readIfThere } from '../../base/files.ts'
import { clientPaths, serverPaths } from '../layout.ts'
import { isKeyElsewhere, requestAgain } from '../key-held.ts'
import { parseClientName } from '../../pki/client-name.ts'
import type { ServerName } from '../../pki/server-name.ts'
import { PODMAN_UNIT, readPodmanUnit, renderPodmanUnit } from '../../daemon-config/podman-unit.ts'
import { findDaemonSource, assumedUnitWarnings, type DaemonSource } from '../../daemon-config/source.ts'
import { parseInitOptions, type InitOptions, type InitRequest } from './options.ts'
import { renderDropIn } from '../../daemon-config/render-files.ts'
import { settingsOf, type DaemonSettings } from '../../daemon-config/settings-in-force.ts'
import { differs, planFile, type PlannedFile } from '../../base/rendered-file.ts'
import { enumerate } from '../../base/text.ts'

/** A client, its `.env`, and whether it was requested or exists already. */
export interface PlannedClient {
  readonly name: string
  readonly isRequested: boolean
  readonly env: PlannedFile
}

/** What a warning of `init` is about. */
export type InitWarningCode =
  | DaemonWarningCode
  /** The key of a client is on its own machine. */
  | 'key-elsewhere'
  /** An existing drop-in stays although it is out of date. */
  | 'drop-in-stays'
  /** An existing `.env` stays although it is out of date. */
  | 'env-stays'

/** A warning of `init`. */
export type InitWarning = Warning<InitWarningCode>

/** Everything that `init` will do, checked as far as is possible without doing it. */
export interface InitPlan {
  readonly request: InitRequest
  /** The files that `ExecStart=` is from. Empty: it is docker-ce's. */
  readonly unit: readonly string[]
  readonly override: PlannedFile
  /** The settings in the drop-in, the new one or the one that stays. */
  readonly settings: DaemonSettings
  readonly host: string
  readonly clients: readonly PlannedClient[]
  readonly warnings: readonly InitWarning[]
}

/** It holds no secret now, but people add secrets to `.env` files, and this one is beside a key. */
const ENV_MODE = KEY_MODE

/** The name of the option that replaces files, for remedies. */
const FORCE = option('force', 'true')

/**
 * Checks the options and renders all files, and writes nothing.
 *
 * @throws the errors of {@link initialise}
 */
export async function planInit(options: InitOptions): Promise<InitPlan> {
  const request = parseInitOptions(options)
  await isFolder(request.folder.path)
  const source = request.podman ? undefined : await findDaemonSource(request.source)
  const planned = source === undefined ? planPodman(request) : planDropIn(request, source)
  const { override, settings, warnings } = await planned
  const host = hostFor(request.reach, settings)
  const { clients, elsewhere } = await planClients(request, host)
  return {
    request,
    unit: source?.found?.paths ?? [],
    override,
    settings,
    host,
    clients,
    warnings: [...warnings, ...elsewhere.map((name) => keptElsewhere(request.folder.path, name))],
  }
}

/** What isn't requested stays: a second run that adds a client must not move the daemon to another port. */
async function planDropIn(
  request: InitRequest,
  source: DaemonSource,
): Promise<Pick<InitPlan, 'override' | 'settings' | 'warnings'>> {
  const path = join(serverPaths(request.folder.path).folder, 'override.conf')
  const existing = await readExisting(path, request.force)
  const rendered = renderDropIn(request.daemon, source, existing)
  const override = await planFile(path, rendered.text, PUBLIC_MODE)
  if (existing !== undefined && differs(override) && !request.force) {
    refuseContradiction(override.path, request, existing)
    return { override, settings: existing, warnings: [] }
  }
  const isNew = existing === undefined || differs(override)
  const assumed = isNew ? assumedUnitWarnings(source, request.reach.value, ['--unit', 'docker.service', '--force']) : []
  return {
    override,
    settings: rendered.settings,
    warnings: [...assumed, ...rendered.warnings],
  }
}

/** The same for Podman's service. */
async function planPodman(request: InitRequest): Promise<Pick<InitPlan, 'override' | 'settings' | 'warnings'>> {
  const path = join(serverPaths(request.folder.path).folder, PODMAN_UNIT)
  const text = await readIfThere(path)
  const existing = text === undefined ? undefined : readPodmanUnit(text)
  const { unit, settings } = renderPodmanUnit(request.daemon, existing)
  const override = await planFile(path, unit.text, PUBLIC_MODE)
  if (existing === undefined || !differs(override) || request.force) return { override, settings, warnings: [] }
  refuseContradiction(path, request, existing)
  return { override, settings: existing, warnings: [] }
}

async function readExisting(path: string, force: boolean): Promise<DaemonSettings | undefined> {
  const text = await readIfThere(path)
  if (text === undefined) return undefined
  try {
    return settingsOf(parseUnit(text, path))
  } catch (cause) {
    if (!isDockerMtlsError(cause)) throw cause
    if (force) return undefined
    throw new DaemonError('ERR_UNIT_INVALID', {
      tried: `reading ${path}`,
      got: cause.got,
      todo: sentence`Correct the file, or set ${FORCE} to render it again; the old file is kept beside the new one.`,
      cause,
    })
  }
}

/** If the existing drop-in stays, a requested setting that it contradicts would be ignored. */
function refuseContradiction(
  path: string,
  { source: { unit }, daemon: { listen, tlsDir, usernsRemap } }: InitRequest,
  existing: DaemonSettings,
): void {
  const changes = [
    change('the daemon listens on', enumerate(existing.listen), listen && enumerate(listen)),
    change("the folder of the server's files is", existing.tlsDir, tlsDir),
    change('userns-remap is', existing.usernsRemap ?? 'off', usernsRemap === false ? 'off' : usernsRemap),
  ].filter((text) => text !== undefined)
  if (changes.length === 0 && unit === undefined) return
  throw new FileError('ERR_FILE_EXISTS', {
    tried: `rendering ${path}`,
    got: changes.length === 0 ? `the file exists and was not rendered from ${unit}` : changes.join('; '),
    todo: sentence`Set ${FORCE} to replace the file (the old one is kept beside it), or omit that option.`,
  })
}

function change(what: string, was: string | undefined, requested: string | undefined): string | undefined {
  if (requested === undefined || requested === was) return undefined
  return `in the file, ${what} ${was === undefined || was === '' ? 'something else' : was}, but you requested ${requested}`
}

function hostFor({ kind, value }: ServerName, { listen }: DaemonSettings): string {
  const port = /:(\d+)$/.exec(listen[0] ?? '')?.[1] ?? String(TLS_PORT)
  return `tcp://${kind === 'ip' && value.includes(':') ? `[${value}]` : value}:${port}`
}

/** The clients, and those of them whose keys are on their own machines: nothing is created for these. */
async function planClients(
  request: InitRequest,
  host: string,
): Promise<Pick<InitPlan, 'clients'> & { readonly elsewhere: readonly string[] }> {
  const { path } = request.folder
  const existing = await request.folder.clients()
  const wanted = wantedClients(request, existing)
  const held = await Promise.all(wanted.map((name) => isKeyElsewhere(path, name)))
  const elsewhere = wanted.filter((_, index) => held[index] === true)
  const requested = wanted.filter((name) => !elsewhere.includes(name))
  if (requested.length + existing.length === 0) {
    throw new PkiError('ERR_NAME_INVALID', {
      tried: `choosing the clients for ${path}`,
      got: 'no client was named, and there is no login name to use',
      todo: sentence`Name one with ${option('clients', "['NAME']")}.`,
    })
  }
  const names = [...new Set([...requested, ...existing])]
  const clients = await Promise.all(names.map((name) => planClient(path, name, host, requested.includes(name))))
  return { clients, elsewhere }
}

/** A certificate makes its client root on the server, so the default client is used only if there would be none at all. */
function wantedClients({ clients, defaultClient }: InitRequest, existing: readonly string[]): readonly string[] {
  if (clients.length > 0 || defaultClient === undefined) return clients
  return existing.length === 0 || existing.includes(defaultClient) ? [parseClientName(defaultClient)] : []
}

function keptElsewhere(root: string, name: string): InitWarning {
  const text = sentence`The key of ${name} is on its own machine, so its certificate was kept. ${requestAgain(root, name)}`
  return { code: 'key-elsewhere', text }
}

async function planClient(root: string, name: string, host: string, isRequested: boolean): Promise<PlannedClient> {
  const { folder } = clientPaths(root, name)
  const text = renderClientEnv({ host, certPath: resolve(folder) }, 'dotenv')
  return { name, isRequested, env: await planFile(join(folder, '.env'), text, ENV_MODE) }
}
