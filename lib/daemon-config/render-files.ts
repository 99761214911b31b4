import type { LocalListener } from './listen.ts'
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
import { settingsOf, type ConfigurationForm, type DaemonSettings } from './settings-in-force.ts'
import { assumedUnitWarnings, findDaemonSource, type DaemonSource, type SourceOptions } from './source.ts'
import { parseUnit } from './unit/parse-unit.ts'
import { findDaemonWarnings, type DaemonWarning } from './warnings.ts'

/** Options of {@link renderDaemon}. */
export interface RenderOptions extends RequestedSettings, SourceOptions {
  readonly form: ConfigurationForm
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
  const source = await findDaemonSource(options)
  const unit = source.found?.paths ?? []
  const assumed = assumedUnitWarnings(source, 'SERVER', ['--unit', 'docker.service'])
  if (options.form === 'daemon-json') {
    const rendered = renderBothFiles(optionsFor(requested, source), source)
    return { ...rendered, unit, warnings: [...assumed, ...rendered.warnings] }
  }
  const { text, warnings } = renderDropIn(requested, source)
  return { files: [{ name: 'override.conf', place: DROP_IN, text }], unit, warnings: [...assumed, ...warnings] }
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
