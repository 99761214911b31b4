import { ours } from '../base/sentence.ts'
import { withoutEnd } from '../base/text.ts'
import { patchDaemonJson, type DaemonSettingsPatch } from './daemon-settings.ts'
import { hostsOf, readDaemonJson } from './existing-daemon-json.ts'
import { LOCAL_SOCKET, networkListener, type LocalListener } from './listen.ts'
import { DAEMON_JSON, DROP_IN, renderBothFiles, renderDropIn } from './render-files.ts'
import { optionsFor, type ParsedSettings } from './requested-settings.ts'
import { settingsInForce, type ConfigurationForm, type DaemonSettings } from './settings-in-force.ts'
import type { DaemonSource } from './source.ts'
import { isContinued } from './unit/words.ts'
import type { DaemonWarning } from './warnings.ts'

/** The rendered configuration of a host. */
export interface RenderedForHost {
  readonly dropIn: string
  /** Absent: daemon.json stays as it is. */
  readonly daemonJson?: string
  readonly settings: DaemonSettings
  readonly warnings: readonly DaemonWarning[]
}

/** The inputs of {@link renderForHost}. */
export interface HostRendering {
  readonly form: ConfigurationForm
  readonly requested: ParsedSettings
  /** The settings that stay unless others are requested. */
  readonly current: DaemonSettings
  readonly source: DaemonSource
  /** The override.conf on the host, if there is one. */
  readonly existingDropIn: string | undefined
  /** Whether systemd has a docker.socket that it can pass to dockerd. */
  readonly hasSocketUnit: boolean
  readonly liveRestore: boolean | undefined
  /** Further changes to daemon.json. */
  readonly daemonSettings?: DaemonSettingsPatch | undefined
}

/**
 * Renders the drop-in and the daemon.json of a host, in one of the two forms.
 *
 * @throws {@link DaemonError} as the renderers do
 */
export function renderForHost(from: HostRendering): RenderedForHost {
  const { form, source, existingDropIn, liveRestore, daemonSettings } = from
  const changed = withSettings(source, daemonSettings)
  const kept = form === 'systemd' ? withoutOtherForm(changed) : changed
  const rendered = (form === 'systemd' ? renderSystemdForm : renderJsonForm)({ ...from, source: kept })
  const dropIn = mergeDropIn(existingDropIn, rendered.dropIn)
  const daemonJson = withLiveRestore(rendered.daemonJson ?? kept.daemonJson?.text, liveRestore)
  const isNew = daemonJson !== undefined && daemonJson !== source.daemonJson?.text
  const { settings, warnings } = rendered
  return { dropIn, ...(isNew && { daemonJson }), settings, warnings }
}

function withSettings(source: DaemonSource, patch: DaemonSettingsPatch | undefined): DaemonSource {
  const text = patch && patchDaemonJson(source.daemonJson?.text, patch)
  if (text === undefined) return source
  const moveAll = ours('daemon', 'apply', '--daemon-json')
  return { ...source, daemonJson: { path: DAEMON_JSON, moveAll, ...source.daemonJson, text } }
}

/**
 * Removes the keys that an earlier apply in the daemon.json form has written, since dockerd doesn't start with a directive in
 * both places.
 */
function withoutOtherForm({ daemonJson, ...source }: DaemonSource): DaemonSource {
  if (daemonJson === undefined) return source
  return { ...source, daemonJson: { ...daemonJson, text: withoutOwnKeys(daemonJson.text) } }
}

function renderSystemdForm({ requested, current, source, hasSocketUnit }: HostRendering): RenderedForHost {
  const { text, settings, warnings } = renderDropIn(requested, source, current, ownSocket(hasSocketUnit))
  return { dropIn: text, settings, warnings }
}

function renderJsonForm({ requested, current, source, hasSocketUnit }: HostRendering): RenderedForHost {
  const options = optionsFor(requested, source, current, ownSocket(hasSocketUnit))
  const { files, warnings } = renderBothFiles(options, source)
  const textOf = (path: string): string => files.find(({ place }) => place === path)?.text ?? ''
  const [dropIn, daemonJson] = [textOf(DROP_IN), textOf(DAEMON_JSON)]
  const { settings } = settingsInForce(undefined, daemonJson)
  return { dropIn, daemonJson, settings, warnings }
}

/** The local listener for a host without docker.socket. dockerd doesn't start with `fd://` if systemd passes it no socket. */
export function ownSocket(hasSocketUnit: boolean): LocalListener[] {
  return hasSocketUnit ? [] : [LOCAL_SOCKET]
}

/**
 * Sets live-restore as a key: unlike the flag, dockerd can reload the key without a restart, so containers survive even the
 * first restart.
 */
export function withLiveRestore(text: string | undefined, liveRestore: boolean | undefined): string | undefined {
  if (liveRestore === undefined) return text
  const json = readDaemonJson(text ?? '')
  if (json['live-restore'] === liveRestore || (!liveRestore && !('live-restore' in json))) return text
  return `${JSON.stringify({ ...json, 'live-restore': liveRestore }, undefined, 2)}\n`
}

/**
 * Puts the rendered `ExecStart=` into an existing drop-in, and keeps its other settings.
 *
 * @param existing - the override.conf on the host
 * @param rendered - a section `[Service]` with the empty and the new `ExecStart=`
 * @returns the text to write
 */
export function mergeDropIn(existing: string | undefined, rendered: string): string {
  if (existing === undefined) return rendered
  const others = otherLines(existing)
  if (others.every((line) => /^\s*(?:[#;].*|\[Service\]\s*)?$/.test(line))) return rendered
  // systemd merges sections of the same name (systemd.syntax(7)).
  const kept = withoutEnd(others.join('\n'), '\n')
  return kept.endsWith(`\n[Service]`) || kept === '[Service]'
    ? `${kept}\n${rendered.replace('[Service]\n', '')}`
    : `${kept}\n\n${rendered}`
}

/** The lines of a drop-in without `ExecStart=`, its continuation lines, and the comments between those. */
export function otherLines(text: string): string[] {
  let inside = false
  return text.split(/\r\n|\n|\r/).filter((line) => {
    const isComment = /^\s*[#;]/.test(line)
    if (inside && isComment) return false
    const isPart = inside || /^\s*ExecStart\s*=/.test(line)
    inside = isPart && isContinued(line)
    return !isPart
  })
}

/** The keys that an apply in the daemon.json form writes. */
const KEYS = new Set(['hosts', 'tlsverify', 'tlscacert', 'tlscert', 'tlskey', 'userns-remap'])
/** The local listeners that such an apply writes. */
const LOCAL = new Set<string>(['fd://', LOCAL_SOCKET])

/**
 * Removes the keys that an earlier apply in the daemon.json form wrote. If any of them differs from what docker-mtls writes,
 * such as another listener or TLS file, the text stays unchanged, and the apply reports a conflict.
 */
export function withoutOwnKeys(text: string): string {
  const json = readDaemonJson(text)
  const { form, settings, plaintext } = settingsInForce(undefined, text)
  const others = hostsOf(json).filter((host) => networkListener(host) === undefined)
  const isOurs =
    form === 'daemon-json' &&
    settings.tlsDir !== undefined &&
    json['tlsverify'] === true &&
    !('tls' in json) &&
    settings.listen.length > 0 &&
    plaintext.length === 0 &&
    others.every((host) => LOCAL.has(host))
  if (!isOurs) return text
  const rest = Object.entries(json).filter(([key]) => !KEYS.has(key))
  return `${JSON.stringify(Object.fromEntries(rest), undefined, 2)}\n`
}
