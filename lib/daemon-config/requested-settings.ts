import { pathFault } from '../base/absolute-path.ts'
import { DaemonError } from '../base/errors.ts'
import { parseJsonDocument } from '../base/json.ts'
import { option, sentence } from '../base/sentence.ts'
import { quoted, withoutEnd } from '../base/text.ts'
import { DEFAULT_LISTENER, parseListen, type LocalListener } from './listen.ts'
import { conflictRemedy } from './existing-daemon-json.ts'
import { DEFAULT_TLS_DIR, tlsFilesIn, type DaemonOptions } from './options.ts'
import { settingsOf, type DaemonSettings } from './settings-in-force.ts'
import type { DaemonSource } from './source.ts'
import { flagsOf } from './unit/flags.ts'
import { DOCKER_CE_UNIT, type ParsedUnit } from './unit/parse-unit.ts'
import { parseUserns } from './userns/parse-userns.ts'

/**
 * Settings that a user requests for a daemon, before they are checked.
 *
 * `parseRequested` checks them. `optionsFor` completes them with the installed unit, the existing daemon.json and the settings
 * in force. `effectiveSettings` decides what to render from that, and `render-*.ts` render it.
 */
export interface RequestedSettings {
  /** The address and port to listen on: `0.0.0.0:2376`. */
  readonly listen?: string | undefined
  /** The folder on the server for ca.pem, server-cert.pem and server-key.pem. @defaultValue `/etc/docker/tls` */
  readonly tlsDir?: string | undefined
  /** The value of `--userns-remap`. `false` turns user namespaces off, even if the unit or daemon.json turns them on. */
  readonly usernsRemap?: string | false | undefined
}

/** Requested settings that were checked. */
export interface ParsedSettings extends Partial<Omit<DaemonSettings, 'usernsRemap'>> {
  readonly usernsRemap?: string | false
}

/**
 * Checks requested settings. Each setting has its own error code.
 *
 * @throws {@link DaemonError} ERR_LISTEN_INVALID, ERR_LISTEN_PLAINTEXT, ERR_PATH_INVALID, ERR_USERNS_INVALID
 */
export function parseRequested({ listen, tlsDir, usernsRemap }: RequestedSettings): ParsedSettings {
  return {
    ...(listen !== undefined && { listen: [parseListen(listen)] }),
    ...(tlsDir !== undefined && { tlsDir: parseTlsDir(tlsDir) }),
    ...(usernsRemap !== undefined && { usernsRemap: usernsRemap === false ? false : parseUserns(usernsRemap) }),
  }
}

/** Removes trailing slashes, since shells complete the name of a folder with one. */
function parseTlsDir(given: string): string {
  const path = withoutEnd(given, '/') || given.slice(0, 1)
  const fault = pathFault(path)
  if (fault === undefined) return path
  throw new DaemonError('ERR_PATH_INVALID', {
    tried: sentence`reading the option ${option('tlsDir')}, ${quoted(given)}`,
    got: fault,
    todo: `Give the absolute path of the folder on the server, such as ${DEFAULT_TLS_DIR}.`,
  })
}

/**
 * Returns the options of the renderers. Each setting is the requested one, else the one in force, else the default.
 *
 * @param current - the settings that stay unless others are requested
 * @param local - local listeners, instead of those of the unit
 */
export function optionsFor(
  requested: ParsedSettings,
  { found, daemonJson }: DaemonSource,
  current?: DaemonSettings,
  local: readonly LocalListener[] = [],
): DaemonOptions {
  const off = requested.usernsRemap === false
  const installed = found?.unit ?? DOCKER_CE_UNIT
  const unit = off ? withoutRemap(installed) : installed
  const usernsRemap = requested.usernsRemap || (off ? undefined : (current?.usernsRemap ?? remapIn(unit)))
  const listen = requested.listen ?? (current?.listen.length === 0 ? undefined : current?.listen)
  return {
    unit,
    tls: tlsFilesIn(requested.tlsDir ?? current?.tlsDir ?? DEFAULT_TLS_DIR),
    listen: [...local, ...(listen ?? [DEFAULT_LISTENER])],
    ...(usernsRemap !== undefined && { usernsRemap }),
    ...(daemonJson !== undefined && { daemonJson: off ? withoutRemapKey(daemonJson.text) : daemonJson.text }),
  }
}

/**
 * Returns the value of the unit's own `--userns-remap`, which is then rendered like a requested one. So a second render, from a
 * unit that includes the drop-in, gives the same drop-in. A value that docker-mtls can't parse stays in the unit's flags.
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
  const others = flagsOf(unit).filter(({ name }) => name !== 'userns-remap')
  return { ...unit, args: others.flatMap(({ words }) => words.map(({ raw }) => raw)) }
}

/** Text that isn't a JSON object stays unchanged. The renderer refuses it later. */
function withoutRemapKey(text: string): string {
  try {
    const config = parseJsonDocument(text)
    if (typeof config !== 'object' || config === null || !('userns-remap' in config)) return text
    return JSON.stringify(Object.fromEntries(Object.entries(config).filter(([key]) => key !== 'userns-remap')))
  } catch {
    return text
  }
}

/**
 * Refuses to turn user namespaces off with a drop-in alone if daemon.json turns them on: dockerd reads both.
 *
 * @throws {@link DaemonError} ERR_DIRECTIVE_CONFLICT
 */
export function refuseRemapInJson({ usernsRemap }: ParsedSettings, { daemonJson }: DaemonSource): void {
  if (usernsRemap !== false || daemonJson === undefined) return
  if (withoutRemapKey(daemonJson.text) === daemonJson.text) return
  throw new DaemonError('ERR_DIRECTIVE_CONFLICT', {
    tried: `turning user namespaces off, with ${daemonJson.path}`,
    got: 'that file has "userns-remap", and dockerd reads it too',
    todo: conflictRemedy('userns-remap', daemonJson),
  })
}
