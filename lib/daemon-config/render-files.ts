import { hostsOf, readDaemonJson } from './existing-daemon-json.ts'
import { DOCKER_SOCKET, type LocalListener } from './listen.ts'
import type { DaemonOptions } from './options.ts'
import { renderDaemonJsonAt } from './render-daemon-json.ts'
import { renderOverrideBeside } from './render-override.ts'
import {
  optionsFor,
  parseRequested,
  refuseRemapInJson,
  type ParsedSettings,
  type RequestedSettings,
} from './requested-settings.ts'
import {
  currentSettings,
  settingsInForce,
  settingsOf,
  settingsOfInit,
  type ConfigurationForm,
  type DaemonSettings,
} from './settings-in-force.ts'
import {
  assumedUnitWarnings,
  findDaemonJson,
  findDaemonSource,
  type DaemonSource,
  type SourceOptions,
} from './source.ts'
import { parseUnit } from './unit/parse-unit.ts'
import { findDaemonWarnings, type DaemonWarning } from './warnings.ts'

/** Options of {@link renderDaemon}. */
export interface RenderOptions extends RequestedSettings, SourceOptions {
  readonly form: ConfigurationForm
  /** Renders only daemon.json, for a dockerd that systemd doesn't start. */
  readonly withoutSystemd?: boolean | undefined
  /** The drop-in that `init` rendered. Its settings are used where no option sets another value, as in an apply. */
  readonly override?: string | undefined
}

/** A file for the server. */
export interface RenderedFile {
  readonly name: 'override.conf' | 'daemon.json'
  /** Its path on the server. */
  readonly place: string
  readonly text: string
}

/** The rendered files, and what you should know about them. */
export interface RenderReport {
  readonly files: readonly RenderedFile[]
  /** The files that dockerd's command was read from. Empty: docker-ce's command was assumed. */
  readonly unit: readonly string[]
  readonly warnings: readonly DaemonWarning[]
}

export const DROP_IN = '/etc/systemd/system/docker.service.d/override.conf'
export const DAEMON_JSON = '/etc/docker/daemon.json'

/**
 * Renders the daemon's configuration for the machine of the named unit, or for this one. It writes nothing.
 *
 * @throws {@link DaemonError} as the renderers do, and ERR_UNIT_NOT_FOUND
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function renderDaemon(options: RenderOptions): Promise<RenderReport> {
  const requested = parseRequested(options)
  const ofInit = settingsOfInit(options.override)
  if (options.withoutSystemd === true) return renderWithoutSystemd(requested, ofInit, await findDaemonJson(options))
  const source = await findDaemonSource(options)
  const current = settingsBeside(source, ofInit)
  const unit = source.found?.paths ?? []
  const assumed = assumedUnitWarnings(source, 'SERVER', ['--unit', 'docker.service'])
  if (options.form === 'daemon-json') {
    const rendered = renderBothFiles(optionsFor(requested, source, current), source)
    return { ...rendered, unit, warnings: [...assumed, ...rendered.warnings] }
  }
  const { text, warnings } = renderDropIn(requested, source, current)
  return { files: [{ name: 'override.conf', place: DROP_IN, text }], unit, warnings: [...assumed, ...warnings] }
}

/** The settings of `init`, by the rule of an apply: a daemon that already has listeners keeps them. */
function settingsBeside({ found, daemonJson }: DaemonSource, ofInit: DaemonSettings | undefined): DaemonSettings {
  if (daemonJson !== undefined) readDaemonJson(daemonJson.text, daemonJson.path)
  const { listen } = settingsInForce(found, daemonJson?.text).settings
  return currentSettings({ listen }, ofInit)
}

/**
 * Renders daemon.json with all settings. Without systemd, dockerd doesn't start with `fd://`, since nothing passes it a socket.
 */
function renderWithoutSystemd(
  requested: ParsedSettings,
  ofInit: DaemonSettings | undefined,
  source: DaemonSource,
): RenderReport {
  const sockets = hostsOf(readDaemonJson(source.daemonJson?.text ?? '', source.daemonJson?.path)).filter(isSocketFile)
  const local: readonly LocalListener[] = sockets.length > 0 ? sockets : [DOCKER_SOCKET]
  const current = settingsBeside(source, ofInit)
  const { unit: _, ...rest } = optionsFor(requested, source, current, local)
  const { files, warnings } = renderBothFiles({ ...rest, exec: '/usr/bin/dockerd' }, source)
  return { files: files.filter(({ name }) => name === 'daemon.json'), unit: [], warnings }
}

function isSocketFile(host: string): host is `unix://${string}` {
  return host.startsWith('unix://')
}

/**
 * Renders daemon.json with all settings, and the drop-in beside it.
 *
 * @throws {@link DaemonError} as {@link renderDaemonJson} does, with the path of the existing file
 */
export function renderBothFiles(options: DaemonOptions, source: DaemonSource): Omit<RenderReport, 'unit'> {
  const { daemonJson, override } = renderDaemonJsonAt(options, source.daemonJson?.path)
  return {
    files: [
      { name: 'daemon.json', place: DAEMON_JSON, text: daemonJson },
      { name: 'override.conf', place: DROP_IN, text: override },
    ],
    warnings: [...source.warnings, ...findDaemonWarnings(options)],
  }
}

/** A rendered drop-in, its settings, and what you should know about it. */
export interface RenderedDropIn {
  readonly text: string
  readonly settings: DaemonSettings
  readonly warnings: readonly DaemonWarning[]
}

/**
 * Renders the drop-in with all settings.
 *
 * @param current - the settings that stay unless others are requested
 * @param local - local listeners, instead of those of the unit
 * @throws {@link DaemonError} as {@link renderOverride} does, with the path of the existing daemon.json
 */
export function renderDropIn(
  requested: ParsedSettings,
  source: DaemonSource,
  current?: DaemonSettings,
  local?: readonly LocalListener[],
): RenderedDropIn {
  refuseRemapInJson(requested, source)
  const options = optionsFor(requested, source, current, local)
  const text = renderOverrideBeside(options, source.daemonJson)
  const settings = settingsOf(parseUnit(text, 'the rendered drop-in'))
  return { text, settings, warnings: [...source.warnings, ...findDaemonWarnings(options)] }
}
