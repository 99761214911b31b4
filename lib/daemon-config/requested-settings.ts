import { posix } from 'node:path'
import { flagsOf, lastValue } from './unit/flags.ts'
import { networkListener } from './listen.ts'
import { DOCKER_CE_UNIT, parseUnit, type ParsedUnit } from './unit/parse-unit.ts'
import { daemonWarnings } from './warnings.ts'
import { parseListen, type Listener, type LocalListener } from './listen.ts'
import { parseUserns } from './userns/parse-userns.ts'
import { renderOverride } from './render-override.ts'
import type { DaemonOptions } from './options.ts'
import { DaemonError, isDockerMtlsError } from '../base/errors.ts'
import type { DaemonSource } from './source.ts'
import { pathFault } from '../base/absolute-path.ts'
import { quoted } from '../base/text.ts'

/** What a drop-in of ours says about the daemon. */
export interface DaemonSettings {
  /** Its listeners on the network. */
  readonly listen: readonly Listener[]
  /** Where the server keeps ca.pem, server-cert.pem and server-key.pem. Absent: not in one folder, or by other names. */
  readonly tlsDir?: string
  readonly usernsRemap?: string
}

/** What may be asked of the daemon, as a person writes it. */
export interface RequestedSettings {
  readonly listen?: string | undefined
  readonly tlsDir?: string | undefined
  /** False: none, whatever is there already. */
  readonly usernsRemap?: string | false | undefined
}

/** The requested, read. */
export interface ParsedSettings extends Partial<Omit<DaemonSettings, 'usernsRemap'>> {
  readonly usernsRemap?: string | false
}

/** The names that the server's files have in its folder, and in the one that `init` makes. */
const FILES = { ca: 'ca.pem', cert: 'server-cert.pem', key: 'server-key.pem' } as const

export const DEFAULT_TLS_DIR = '/etc/docker/tls'
export const DEFAULT_LISTEN = '0.0.0.0:2376'

/**
 * Reads the requested, each with its own error.
 *
 * @throws {@link DaemonError} ERR_LISTEN_INVALID, ERR_LISTEN_PLAINTEXT, ERR_PATH_INVALID, ERR_USERNS_INVALID
 */
export function parseRequested({ listen, tlsDir, usernsRemap }: RequestedSettings): ParsedSettings {
  return {
    ...(listen !== undefined && { listen: [parseListen(listen)] }),
    ...(tlsDir !== undefined && { tlsDir: readTlsDir(tlsDir) }),
    ...(usernsRemap !== undefined && { usernsRemap: usernsRemap === false ? false : parseUserns(usernsRemap) }),
  }
}

/** A shell completes a folder's name with a slash. */
function readTlsDir(given: string): string {
  const path = given.replace(/(?<=.)\/+$/, '')
  const fault = pathFault(path)
  if (fault === undefined) return path
  throw new DaemonError('ERR_PATH_INVALID', {
    tried: `the option tlsdir, ${quoted(given)}`,
    got: fault,
    todo: `Give the whole path of the folder on the server, such as ${DEFAULT_TLS_DIR}.`,
  })
}

/** The paths of the server's three files below its folder. */
export function tlsFilesIn(tlsDir: string): DaemonOptions['tls'] {
  return {
    ca: posix.join(tlsDir, FILES.ca),
    cert: posix.join(tlsDir, FILES.cert),
    key: posix.join(tlsDir, FILES.key),
  }
}

/** What a unit, or a drop-in with a whole `ExecStart=`, says about the things that we set. */
export function settingsOf(unit: ParsedUnit): DaemonSettings {
  const flags = flagsOf(unit)
  const last = (name: string): string | undefined => lastValue(flags, name)
  const hosts = flags.filter(({ name }) => name === 'host').map(({ value = '' }) => value)
  const tlsDir = posix.dirname(last('tlscacert') ?? '')
  const wanted = tlsFilesIn(tlsDir)
  const isOurs = last('tlscacert') === wanted.ca && last('tlscert') === wanted.cert && last('tlskey') === wanted.key
  const usernsRemap = last('userns-remap')
  return {
    listen: hosts.flatMap((host) => networkListener(host) ?? []),
    ...(isOurs && { tlsDir }),
    ...(usernsRemap !== undefined && { usernsRemap }),
  }
}

/** The options of the renderers: what is wished, else what is there already, else the defaults. */
export function optionsFor(
  requested: ParsedSettings,
  { found, daemonJson }: DaemonSource,
  there?: DaemonSettings,
): DaemonOptions {
  const off = requested.usernsRemap === false
  const given = found?.unit ?? DOCKER_CE_UNIT
  const unit = off ? withoutRemap(given) : given
  const usernsRemap = requested.usernsRemap || (off ? undefined : (there?.usernsRemap ?? remapIn(unit)))
  const listen = requested.listen ?? (there?.listen.length === 0 ? undefined : there?.listen)
  return {
    unit,
    tls: tlsFilesIn(requested.tlsDir ?? there?.tlsDir ?? DEFAULT_TLS_DIR),
    listen: listen ?? [parseListen(DEFAULT_LISTEN)],
    ...(usernsRemap !== undefined && { usernsRemap }),
    ...(daemonJson !== undefined && { daemonJson: off ? withoutKey(daemonJson.text) : daemonJson.text }),
  }
}

/**
 * The unit's own user namespaces, said again by us, so that the flag has one place: a drop-in that was rendered from a
 * unit, and is then part of it, is rendered the same again. What we can't read stays as it is.
 */
function remapIn(unit: ParsedUnit): string | undefined {
  const { usernsRemap } = settingsOf(unit)
  try {
    return usernsRemap === undefined ? undefined : parseUserns(usernsRemap)
  } catch {
    return undefined
  }
}

function withoutRemap(unit: ParsedUnit): ParsedUnit {
  const flags = flagsOf(unit)
  const others = flags.filter(({ name }) => name !== 'userns-remap')
  return { ...unit, args: others.flatMap(({ words }) => words.map(({ raw }) => raw)) }
}

/** What is no object of JSON is the renderer's to refuse. */
function withoutKey(text: string): string {
  try {
    const config = JSON.parse(text) as unknown
    if (typeof config !== 'object' || config === null || !('userns-remap' in config)) return text
    return JSON.stringify(Object.fromEntries(Object.entries(config).filter(([key]) => key !== 'userns-remap')))
  } catch {
    return text
  }
}

/** A wish that a daemon.json undoes, which a drop-in alone leaves as it is. */
function refuseRemapInJson({ usernsRemap }: ParsedSettings, { daemonJson }: DaemonSource): void {
  if (usernsRemap !== false || daemonJson === undefined || withoutKey(daemonJson.text) === daemonJson.text) return
  throw new DaemonError('ERR_DIRECTIVE_CONFLICT', {
    tried: `switching user namespaces off, with ${daemonJson.path}`,
    got: 'it has "userns-remap", and dockerd reads it too',
    todo: 'Take "userns-remap" out of that file, or put everything there:  docker-mtls daemon render --daemon-json',
  })
}

/** A drop-in, rendered, with what a person should know about it. */
export interface RenderedOverride {
  readonly text: string
  readonly settings: DaemonSettings
  readonly warnings: readonly string[]
}

/**
 * Renders the drop-in, and names the file where the daemon.json that is there says the same as a flag.
 *
 * @param local - listeners for this machine alone, in place of those of the unit
 * @throws {@link DaemonError} as {@link renderOverride} does
 */
export function renderDropInFor(
  requested: ParsedSettings,
  source: DaemonSource,
  there?: DaemonSettings,
  local: readonly LocalListener[] = [],
): RenderedOverride {
  refuseRemapInJson(requested, source)
  const wished = optionsFor(requested, source, there)
  const options = { ...wished, listen: [...local, ...(wished.listen ?? [])] }
  try {
    const text = renderOverride(options)
    const settings = settingsOf(parseUnit(text, 'the rendered drop-in'))
    return { text, settings, warnings: [...source.warnings, ...daemonWarnings(options)] }
  } catch (cause) {
    throw namingDaemonJson(cause, source)
  }
}

/** The library speaks of "daemon.json" and its functions; here there is a path, and a command that is the way out. */
export function namingDaemonJson(cause: unknown, { daemonJson }: DaemonSource): unknown {
  if (daemonJson === undefined || !(cause instanceof DaemonError)) return cause
  if (!isDockerMtlsError(cause, 'ERR_DIRECTIVE_CONFLICT', 'ERR_DAEMON_JSON_INVALID')) return cause
  const todo = cause.code === 'ERR_DIRECTIVE_CONFLICT' ? conflictRemedy(cause.todo) : cause.todo
  return new DaemonError(cause.code, {
    tried: cause.tried.replace('daemon.json', () => daemonJson.path),
    got: cause.got,
    todo,
    cause,
  })
}

function conflictRemedy(todo: string): string {
  const key = /Take (".*?") out/.exec(todo)?.[1] ?? 'it'
  return `Take ${key} out of that file, or put everything there:  docker-mtls daemon render --daemon-json`
}
