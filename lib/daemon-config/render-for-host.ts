import { parseUnit } from './unit/parse-unit.ts'
import type { LocalListener } from './listen.ts'
import { readDaemonJson } from './existing-daemon-json.ts'
import { DaemonError } from '../base/errors.ts'
import type { DaemonSource } from './source.ts'
import { LOCAL_SOCKET } from './local-socket.ts'
import { optionsFor, renderDropInFor, settingsOf, type DaemonSettings, type ParsedSettings } from './requested-settings.ts'
import { DAEMON_JSON, DROP_IN, renderBothFor } from './render-files.ts'
import { mergeDropIn } from './merge-drop-in.ts'
import { settingsInForce, type ConfigurationForm } from './settings-in-force.ts'
import { withoutOwnKeys } from './own-keys.ts'

/** The configuration as it will be, as texts. */
export interface Rendered {
  readonly dropIn: string
  /** Absent: the one that is there, or none, stays. */
  readonly daemonJson?: string
  readonly settings: DaemonSettings
  /** Sentences for a person. */
  readonly warnings: readonly string[]
}

/** What is rendered from. */
export interface RenderingFrom {
  readonly form: ConfigurationForm
  readonly requested: ParsedSettings
  readonly there: DaemonSettings
  readonly source: DaemonSource
  /** The override.conf on the host, if there is one. */
  readonly existingDropIn: string | undefined
  /** Whether systemd has a docker.socket that it can pass to dockerd. */
  readonly hasSocketUnit: boolean
  readonly liveRestore: boolean | undefined
}

/**
 * Renders the drop-in and the daemon.json of a host, in one of the two ways.
 *
 * @throws {@link DaemonError} as the renderers do
 */
export function renderForHost(from: RenderingFrom): Rendered {
  const { form, source, existingDropIn, liveRestore } = from
  const kept = form === 'systemd' ? leaving(source) : source
  const rendered = (form === 'systemd' ? renderDropIn : renderBoth)({ ...from, source: kept })
  const dropIn = mergeDropIn(existingDropIn, rendered.dropIn)
  const daemonJson = withLiveRestore(rendered.daemonJson ?? kept.daemonJson?.text, liveRestore)
  const isNew = daemonJson !== undefined && daemonJson !== source.daemonJson?.text
  const { settings, warnings } = rendered
  return { dropIn, ...(isNew && { daemonJson }), settings, warnings }
}

/** The other form leaves nothing of its own behind: in both places dockerd would not start with it. */
function leaving({ daemonJson, ...source }: DaemonSource): DaemonSource {
  if (daemonJson === undefined) return source
  return { ...source, daemonJson: { ...daemonJson, text: withoutOwnKeys(daemonJson.text) } }
}

function renderDropIn({ requested, there, source, hasSocketUnit }: RenderingFrom): Rendered {
  const { text, settings, warnings } = renderDropInFor(requested, source, there, ownSocket(hasSocketUnit))
  return { dropIn: text, settings, warnings }
}

function renderBoth({ requested, there, source, hasSocketUnit }: RenderingFrom): Rendered {
  const wished = optionsFor(requested, source, there)
  const options = { ...wished, listen: [...ownSocket(hasSocketUnit), ...(wished.listen ?? [])] }
  const { files, warnings } = renderBothFor(options, source)
  const textOf = (path: string): string => files.find(({ place }) => place === path)?.text ?? ''
  const [dropIn, daemonJson] = [textOf(DROP_IN), textOf(DAEMON_JSON)]
  const { settings } = settingsInForce(undefined, daemonJson)
  return { dropIn, daemonJson, settings, warnings }
}

/** Without docker.socket nobody hands a socket over, and with `fd://` dockerd would not start. */
function ownSocket(hasSocketUnit: boolean): LocalListener[] {
  return hasSocketUnit ? [] : [LOCAL_SOCKET]
}

/** Only as a key it can be read anew by a running daemon, so that its containers outlive the first restart already. */
function withLiveRestore(text: string | undefined, liveRestore: boolean | undefined): string | undefined {
  if (liveRestore === undefined) return text
  const json = readDaemonJson(text ?? '')
  if (json['live-restore'] === liveRestore || (!liveRestore && !('live-restore' in json))) return text
  return `${JSON.stringify({ ...json, 'live-restore': liveRestore }, undefined, 2)}\n`
}

/**
 * What the drop-in of `init` asks for.
 *
 * @throws {@link DaemonError} ERR_UNIT_INVALID
 */
export function settingsOfInit(override: string | undefined): DaemonSettings | undefined {
  if (override === undefined) return undefined
  try {
    return settingsOf(parseUnit(override, 'override.conf'))
  } catch (cause) {
    throw new DaemonError('ERR_UNIT_INVALID', {
      tried: "reading the override.conf beside the server's files",
      got: (cause as DaemonError).got,
      todo: 'Render it anew with  docker-mtls init ... --force , or remove it: then options and what is on the host count.',
      cause,
    })
  }
}

/**
 * What counts where no option says otherwise: what `init` has rendered, but for the listeners of a daemon that has some. Who
 * has narrowed them by an option would have them widened again by the next apply without it.
 */
export function currentSettings(inForce: DaemonSettings, ofInit: DaemonSettings | undefined): DaemonSettings {
  const listen = inForce.listen.length > 0 ? inForce.listen : (ofInit?.listen ?? [])
  return { ...inForce, ...ofInit, listen }
}
