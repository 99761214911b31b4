import { posix } from 'node:path'
import { DaemonError, isDockerMtlsError } from '../base/errors.ts'
import { ours, sentence } from '../base/sentence.ts'
import { hostsOf, readDaemonJson, type DaemonJson } from './existing-daemon-json.ts'
import { networkListener, parseListen, type Listener } from './listen.ts'
import { tlsFilesIn } from './options.ts'
import { flagsOf, isOn, lastValue } from './unit/flags.ts'
import type { FoundUnit } from './unit/installed-unit.ts'
import { parseUnit, type ParsedUnit } from './unit/parse-unit.ts'

/** The settings of a daemon that docker-mtls manages. */
export interface DaemonSettings {
  /** The listeners on the network. */
  readonly listen: readonly Listener[]
  /** The folder on the server with ca.pem, server-cert.pem and server-key.pem. Absent if the daemon uses other paths. */
  readonly tlsDir?: string
  /** The value of `--userns-remap`. Absent: user namespaces are off. */
  readonly usernsRemap?: string
}

/** Where the settings are: all of them in `ExecStart=`, or in daemon.json. */
export type ConfigurationForm = 'systemd' | 'daemon-json'

/** How the daemon of a host is configured now. */
export interface SettingsInForce {
  readonly form: ConfigurationForm
  /** The settings that docker-mtls can render. They include no plaintext listeners. */
  readonly settings: DaemonSettings
  /** The listeners on Docker's plaintext port, and those that docker-mtls can't render. An apply closes them. */
  readonly plaintext: readonly string[]
  /** The listeners that systemd passes to dockerd, which no setting of dockerd closes. */
  readonly passed: readonly string[]
  readonly daemonJson: DaemonJson
  /** The TLS files that dockerd uses, whatever their names are. */
  readonly tlsFiles: { readonly ca?: string; readonly cert?: string }
}

/** Reads the settings of a unit, or of a drop-in with a whole `ExecStart=`. */
export function settingsOf(unit: ParsedUnit): DaemonSettings {
  const flags = flagsOf(unit)
  const last = (name: string): string | undefined => lastValue(flags, name)
  const hosts = flags.filter(({ name }) => name === 'host').map(({ value = '' }) => value)
  const tlsDir = tlsDirOf(last)
  const usernsRemap = last('userns-remap')
  return {
    listen: hosts.flatMap((host) => networkListener(host) ?? []),
    ...(tlsDir !== undefined && { tlsDir }),
    ...(usernsRemap !== undefined && { usernsRemap }),
  }
}

/**
 * Reads the unit and the daemon.json of a host together. Settings that an apply wrote are found in the same form, so that a
 * second apply changes nothing.
 *
 * @param found - the unit with its drop-ins
 * @param json - the text of daemon.json, if there is one
 * @param passed - the listeners of docker.socket on the network. dockerd uses them with the host `fd://` alone
 * @throws {@link DaemonError} ERR_DAEMON_JSON_INVALID
 */
export function settingsInForce(
  found: FoundUnit | undefined,
  json: string | undefined,
  passed: readonly string[] = [],
): SettingsInForce {
  const daemonJson = readDaemonJson(json ?? '')
  const ofUnit = found === undefined ? { listen: [] } : settingsOf(found.unit)
  const hosts = hostsOf(daemonJson)
  const isJson = hosts.length > 0 && ofUnit.listen.length === 0
  const tlsDir = ofUnit.tlsDir ?? tlsDirOf((name) => textOf(daemonJson, name))
  const remap = ofUnit.usernsRemap ?? textOf(daemonJson, 'userns-remap')
  const listen = [...ofUnit.listen, ...hosts.flatMap((host) => networkListener(host) ?? [])]
  const flags = found === undefined ? [] : flagsOf(found.unit)
  const named = (file: 'ca' | 'cert', name: string): SettingsInForce['tlsFiles'] => {
    const path = lastValue(flags, name) ?? textOf(daemonJson, name)
    return path === undefined || path === '' ? {} : { [file]: path }
  }
  return {
    form: isJson ? 'daemon-json' : 'systemd',
    settings: {
      listen: listen.filter(isRenderable),
      ...(tlsDir !== undefined && { tlsDir }),
      ...(remap !== undefined && remap !== '' && { usernsRemap: remap }),
    },
    plaintext: listen.filter((host) => !isRenderable(host)),
    passed: found !== undefined && takesPassed(found.unit, daemonJson) ? passed : [],
    daemonJson,
    tlsFiles: { ...named('ca', 'tlscacert'), ...named('cert', 'tlscert') },
  }
}

/** Does dockerd use the sockets that systemd passes to it? */
export function takesPassed(unit: ParsedUnit, daemonJson: DaemonJson): boolean {
  const hosts = flagsOf(unit).flatMap(({ name, value = '' }) => (name === 'host' ? value : []))
  return [...hosts, ...hostsOf(daemonJson)].some((host) => host.startsWith('fd:'))
}

/** All listeners on the network. */
export function networkListeners({ settings, plaintext, passed }: SettingsInForce): string[] {
  return [...settings.listen, ...plaintext, ...passed]
}

/** Returns the folder of the three TLS files, if all of them are in one folder and have the names that docker-mtls uses. */
export function tlsDirOf(valueOf: (name: string) => string | undefined): string | undefined {
  const ca = valueOf('tlscacert')
  if (ca === undefined) return undefined
  const folder = posix.dirname(ca)
  const own = tlsFilesIn(folder)
  return own.ca === ca && own.cert === valueOf('tlscert') && own.key === valueOf('tlskey') ? folder : undefined
}

function isRenderable(host: string): boolean {
  try {
    parseListen(host.slice('tcp://'.length))
    return true
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return false
  }
}

function textOf(json: DaemonJson, key: string): string | undefined {
  const value = json[key]
  return typeof value === 'string' ? value : undefined
}

/** Whether live-restore is on, in a flag or in daemon.json: containers keep running while dockerd restarts. */
export function hasLiveRestore(unit: ParsedUnit, daemonJson: DaemonJson): boolean {
  const flag = flagsOf(unit).findLast(({ name }) => name === 'live-restore')
  return daemonJson['live-restore'] === true || (flag !== undefined && isOn(flag))
}

/**
 * Reads the settings of the drop-in that `init` rendered.
 *
 * @throws {@link DaemonError} ERR_UNIT_INVALID
 */
export function settingsOfInit(override: string | undefined): DaemonSettings | undefined {
  if (override === undefined) return undefined
  try {
    return settingsOf(parseUnit(override, 'override.conf'))
  } catch (cause) {
    if (!isDockerMtlsError(cause)) throw cause
    throw new DaemonError('ERR_UNIT_INVALID', {
      tried: "reading the override.conf beside the server's files",
      got: cause.got,
      todo: sentence`Render it again:  ${ours('init', 'NAME', '--force')}  Or remove it, to use the options and the settings in force.`,
      cause,
    })
  }
}

/**
 * Returns the settings that stay unless an option requests others. These are the settings that `init` rendered, but a daemon
 * that already has listeners keeps them. Otherwise, if an option had narrowed the listeners, the next apply without that option
 * would widen them again.
 */
export function currentSettings(inForce: DaemonSettings, ofInit: DaemonSettings | undefined): DaemonSettings {
  const listen = inForce.listen.length > 0 ? inForce.listen : (ofInit?.listen ?? [])
  return { ...inForce, ...ofInit, listen }
}
