import { DaemonError } from '../base/errors.ts'
import { option, sentence } from '../base/sentence.ts'
import { quoted } from '../base/text.ts'
import { effectiveSettings, managedKeys, type EffectiveSettings } from './effective-settings.ts'
import { dropIn } from './exec-start.ts'
import { checkConflicts, type DaemonJson } from './existing-daemon-json.ts'
import type { DaemonOptions } from './options.ts'
import type { Flag } from './unit/flags.ts'

/**
 * Renders a daemon.json with listeners, TLS and user namespaces. It needs the drop-in of {@link renderDaemonJsonOverride}
 * beside it, because the packaged unit has a `-H` of its own.
 *
 * The keys of `daemonJson` are kept, except for the directives of this package: `hosts`, `tls`, `tlsverify`, `tlscacert`,
 * `tlscert` and `tlskey` are replaced, and `userns-remap` and `debug` if the options set them. Local listeners are kept
 * unless `listen` has others.
 *
 * @param options - see {@link DaemonOptions}
 * @returns the text of the file
 * @throws {@link DaemonError} as {@link renderOverride} does; `ERR_DIRECTIVE_CONFLICT` if a flag that stays in the unit is
 *   also in the file
 * @throws {@link ArgumentError} `ERR_OPTION_UNKNOWN`, `ERR_ARGUMENT_INVALID`
 * @example
 * ```ts
 * const options = {
 *   daemonJson: '{ "live-restore": true }',
 *   tls: { ca: '/etc/docker/tls/ca.pem', cert: '/etc/docker/tls/server-cert.pem', key: '/etc/docker/tls/server-key.pem' },
 * }
 * const files = { 'daemon.json': renderDaemonJson(options), 'override.conf': renderDaemonJsonOverride(options) }
 * ```
 */
export function renderDaemonJson(options: DaemonOptions): string {
  return renderDaemonJsonAt(options, undefined).daemonJson
}

/**
 * Renders the drop-in for {@link renderDaemonJson}: the unit's own command without `-H` and TLS flags, since a directive must
 * not be in both places.
 *
 * @param options - the same options as for {@link renderDaemonJson}
 * @returns the text of the file
 * @throws {@link DaemonError} {@link ArgumentError} as {@link renderDaemonJson} does
 * @example
 * ```ts
 * renderDaemonJsonOverride({ unit: parseUnit(text), tls: { ca, cert, key } })
 * ```
 */
export function renderDaemonJsonOverride(options: DaemonOptions): string {
  return renderDaemonJsonAt(options, undefined).override
}

/** Renders both files. Errors refer to daemon.json by its path. */
export function renderDaemonJsonAt(
  options: DaemonOptions,
  path = 'daemon.json',
): { readonly daemonJson: string; readonly override: string } {
  const settings = effectiveSettings(options, path)
  const json = merge(settings)
  checkConflicts(settings.kept, json, path, (key) => `Remove "${key}" from ${path}, or its flag from the unit.`)
  return { daemonJson: `${JSON.stringify(json, undefined, 2)}\n`, override: dropIn(settings, settings.kept) }
}

function merge(settings: EffectiveSettings): DaemonJson {
  // Remove `tls`: tlsverify implies it (dockerd --help), and "tls": false beside it would be ambiguous.
  const { tls: _, ...rest } = settings.existing ?? {}
  return {
    ...rest,
    hosts: [...settings.local, ...settings.tcp].map(hostOf),
    ...managedKeys(settings),
  }
}

function hostOf({ value, words }: Flag): string {
  if (value !== undefined) return value
  throw new DaemonError('ERR_LISTEN_INVALID', {
    tried: `moving the unit's listener ${quoted(words.map((word) => word.raw).join(' '))} to daemon.json`,
    got: 'systemd expands it, and dockerd would not',
    todo: sentence`Add the local listener to ${option('listen')}.`,
  })
}
