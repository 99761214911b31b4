import { join, resolve } from 'node:path'
import { parseUnit } from '../../daemon-config/unit/parse-unit.ts'
import { renderClientEnv } from '../../endpoint/client-env.ts'
import { renderSentence } from '../../base/sentence.ts'
import { DaemonError, FileError, isDockerMtlsError, PkiError } from '../../base/errors.ts'
import { warningTexts } from '../../base/warning.ts'
import { KEY_MODE, PUBLIC_MODE, isFolder, readIfThere } from '../../base/files.ts'
import { PkiFolder } from '../folder.ts'
import { clientPaths, serverPaths } from '../layout.ts'
import { isKeyElsewhere, requestAgain } from '../key-held.ts'
import { findDaemonSource, assumedUnitWarnings, type DaemonSource } from '../../daemon-config/source.ts'
import { readInitOptions, type InitOptions, type ReadOptions } from './options.ts'
import { renderDropIn, type RenderedDropIn } from '../../daemon-config/render-files.ts'
import { settingsOf, type DaemonSettings } from '../../daemon-config/settings-in-force.ts'
import { type ParsedSettings } from '../../daemon-config/requested-settings.ts'
import { differs, planFile, type PlannedFile } from '../../base/rendered-file.ts'

/** A client, its `.env`, and whether it was asked for or is one that is there already. */
export interface PlannedClient {
  readonly name: string
  readonly asked: boolean
  readonly env: PlannedFile
}

/** All that `init` will do, checked as far as that goes without doing it. */
export interface InitPlan {
  readonly options: InitOptions
  readonly read: ReadOptions
  readonly source: DaemonSource
  readonly override: PlannedFile
  /** What the override that will be there says. */
  readonly settings: DaemonSettings
  readonly host: string
  readonly clients: readonly PlannedClient[]
  readonly warnings: readonly string[]
}

/**
 * People put secrets into `.env` files, and this one lies beside a key: a mode that lets others read it would be wrong on
 * the day when someone does.
 */
const ENV_MODE = KEY_MODE

/**
 * Reads the options and renders every text, before anything is written.
 *
 * @throws the errors of {@link initialise}
 */
export async function planInit(options: InitOptions): Promise<InitPlan> {
  const read = readInitOptions(options)
  await isFolder(options.folder)
  const path = join(serverPaths(options.folder).folder, 'override.conf')
  const there = await readExisting(path, options.force === true)
  const source = await findDaemonSource(options)
  const rendered = renderDropIn(read.requested, source, there)
  const override = await planFile(path, rendered.text, PUBLIC_MODE)
  if (options.force !== true) refuseContradiction(override, options, read.requested, there)
  const stays = there !== undefined && differs(override) && options.force !== true
  const settings = stays ? there : rendered.settings
  const host = hostFor(read, settings)
  const elsewhere = await keysElsewhere(options, read)
  // Of one that is there already it was said, or it was rendered on the server.
  const isNew = there === undefined || (differs(override) && !stays)
  const assumed = isNew
    ? warningTexts(assumedUnitWarnings(source, read.reach.value, ['--unit', 'docker.service', '--force']))
    : []
  return {
    options,
    read,
    source,
    override,
    settings,
    host,
    clients: await planClients(options, read, host, elsewhere),
    warnings: [...assumed, ...warningsOf(rendered, stays), ...elsewhere.map((name) => keyElsewhere(options, name))],
  }
}

/** What isn't asked for stays as it is: a second run that adds a client must not move the daemon to another port. */
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
      todo: 'Mend it, or let  --force  render it anew; the old file is kept beside it.',
      cause,
    })
  }
}

/** An explicit wish that the file contradicts: to leave either of them unheard would be a surprise. */
function refuseContradiction(
  override: PlannedFile,
  { unit }: InitOptions,
  { listen, tlsDir, usernsRemap }: ParsedSettings,
  there: DaemonSettings | undefined,
): void {
  if (there === undefined || !differs(override)) return
  const changes = [
    change('it listens on', there.listen.join(' and '), listen?.join(' and ')),
    change("the server's files are in", there.tlsDir, tlsDir),
    change('its userns-remap is', there.usernsRemap ?? 'off', usernsRemap === false ? 'off' : usernsRemap),
  ].filter((text) => text !== undefined)
  if (changes.length === 0 && unit === undefined) return
  throw new FileError('ERR_FILE_EXISTS', {
    tried: `rendering ${override.path}`,
    got: changes.length === 0 ? `it is there already, and was not rendered from ${unit}` : changes.join('; '),
    todo: 'Let  --force  replace it (the old file is kept beside it), or leave that option out.',
  })
}

function change(what: string, was: string | undefined, wanted: string | undefined): string | undefined {
  if (wanted === undefined || wanted === was) return undefined
  return `${what} ${was === undefined || was === '' ? 'something else' : was} now, and ${wanted} is asked for`
}

function hostFor({ reach: { kind, value } }: ReadOptions, { listen }: DaemonSettings): string {
  const port = /:(\d+)$/.exec(listen[0] ?? '')?.[1] ?? '2376'
  return `tcp://${kind === 'ip' && value.includes(':') ? `[${value}]` : value}:${port}`
}

/** Nobody is made root on the server without being named, unless there would be no client at all. */
async function planClients(
  options: InitOptions,
  { clients }: ReadOptions,
  host: string,
  elsewhere: readonly string[],
): Promise<PlannedClient[]> {
  const { folder, defaultClient } = options
  const there = await new PkiFolder(folder).clients()
  const byDefault = clients.length > 0 || defaultClient === undefined ? [] : [defaultClient]
  const wanted = [...clients, ...byDefault.filter((name) => there.length === 0 || there.includes(name))]
  const asked = wanted.filter((name) => !elsewhere.includes(name))
  if (asked.length + there.length === 0) {
    throw new PkiError('ERR_NAME_INVALID', {
      tried: `choosing the clients for ${folder}`,
      got: 'none is named, and there is no login name to take',
      todo: 'Name one with the option client.',
    })
  }
  const names = [...new Set([...asked, ...there])]
  return Promise.all(names.map((name) => planClient(folder, name, host, asked.includes(name))))
}

/** Of the clients that are asked for, those whose keys are on their own machines: there is nothing to be made for them. */
async function keysElsewhere({ folder, defaultClient }: InitOptions, { clients }: ReadOptions): Promise<string[]> {
  const names = clients.length > 0 || defaultClient === undefined ? clients : [defaultClient]
  const held = await Promise.all(names.map((name) => isKeyElsewhere(folder, name)))
  return names.filter((_, index) => held[index] === true)
}

function keyElsewhere({ folder }: InitOptions, name: string): string {
  return `The key of ${name} is on its own machine, so its certificate was kept. ${renderSentence(requestAgain(folder, name))}`
}

async function planClient(root: string, name: string, host: string, asked: boolean): Promise<PlannedClient> {
  const { folder } = clientPaths(root, name)
  const text = renderClientEnv({ host, certPath: resolve(folder) }, 'dotenv')
  return { name, asked, env: await planFile(join(folder, '.env'), text, ENV_MODE) }
}

function warningsOf({ warnings }: RenderedDropIn, stays: boolean): readonly string[] {
  // They are about a text that isn't written.
  return stays ? [] : warningTexts(warnings)
}
