import { posix } from 'node:path'
import { parseListen } from './listen.ts'
import { flagsOf, lastValue } from './unit/flags.ts'
import { networkListener } from './listen.ts'
import { hostsOf, readDaemonJson, type DaemonJson } from './existing-daemon-json.ts'
import { isDockerMtlsError } from '../base/errors.ts'
import type { FoundUnit } from './unit/installed-unit.ts'
import { settingsOf, tlsFilesIn, type DaemonSettings } from './requested-settings.ts'

/** The two ways in which a daemon can be told what to do: all in `ExecStart=`, or in daemon.json. */
export type ConfigurationForm = 'systemd' | 'daemon-json'

/** How the daemon of a host is configured now. */
export interface SettingsInForce {
  readonly form: ConfigurationForm
  /** Only what we could render ourselves: no plaintext listener is among them. */
  readonly settings: DaemonSettings
  /** Listeners on Docker's plaintext port, and such as nobody could render: they will be closed. */
  readonly plaintext: readonly string[]
  readonly daemonJson: DaemonJson
  /** The files of TLS that dockerd is told of, whatever they are called. */
  readonly tlsFiles: { readonly ca?: string; readonly cert?: string }
}

/**
 * Reads the unit and the daemon.json of a host together. What was applied in one of the two ways is found again in that
 * way, so that a second run changes nothing.
 *
 * @param found - the unit with its drop-ins
 * @param json - the text of daemon.json, where there is one
 * @throws {@link DaemonError} ERR_DAEMON_JSON_INVALID
 */
export function settingsInForce(found: FoundUnit | undefined, json: string | undefined): SettingsInForce {
  const daemonJson = readDaemonJson(json ?? '')
  const ofUnit = found === undefined ? { listen: [] } : settingsOf(found.unit)
  const hosts = hostsOf(daemonJson)
  const isJson = hosts.length > 0 && ofUnit.listen.length === 0
  const tlsDir = ofUnit.tlsDir ?? tlsDirOf(daemonJson)
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
    daemonJson,
    tlsFiles: { ...named('ca', 'tlscacert'), ...named('cert', 'tlscert') },
  }
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

function tlsDirOf(json: DaemonJson): string | undefined {
  const ca = textOf(json, 'tlscacert')
  if (ca === undefined) return undefined
  const folder = posix.dirname(ca)
  const wanted = tlsFilesIn(folder)
  const isOurs = wanted.ca === ca && wanted.cert === json['tlscert'] && wanted.key === json['tlskey']
  return isOurs ? folder : undefined
}
