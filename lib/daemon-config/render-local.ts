import { effectiveSettings, isLocalFlag, MANAGED_FLAGS, type EffectiveSettings } from './effective-settings.ts'
import { dropIn } from './exec-start.ts'
import { hostsOf, readDaemonJson, type DaemonJson } from './existing-daemon-json.ts'
import { DEFAULT_LISTENER, LOCAL_SOCKET, networkListener } from './listen.ts'
import { tlsFilesIn } from './options.ts'
import { mergeDropIn, ownSocket, withLiveRestore } from './render-for-host.ts'
import type { FoundUnit } from './unit/installed-unit.ts'
import type { Flag } from './unit/flags.ts'

/** The inputs of {@link renderLocal}. */
export interface LocalRendering {
  readonly found: FoundUnit
  /** The text of the daemon.json on the host, if there is one. */
  readonly daemonJson: string | undefined
  /** The override.conf on the host, if there is one. */
  readonly existingDropIn: string | undefined
  /** Whether systemd has a docker.socket that it can pass to dockerd. */
  readonly hasSocketUnit: boolean
  readonly liveRestore?: boolean | undefined
}

/** The configuration of a dockerd that listens on its local socket alone. */
export interface RenderedLocal {
  /** The drop-in with the whole command line. */
  readonly dropIn: string
  /** Does the drop-in have to be written? If not, dockerd's command line needs no change. */
  readonly changesCommand: boolean
  /** Absent: daemon.json stays as it is. */
  readonly daemonJson?: string
}

/** The keys of daemon.json that only a listener on the network needs. */
const TLS_KEYS: ReadonlySet<string> = new Set([...MANAGED_FLAGS].filter((name) => name !== 'host'))

/**
 * Renders the configuration of a host without listeners on the network, and without the TLS settings that belong to them.
 * Everything else stays.
 *
 * @throws {@link DaemonError} ERR_UNIT_INVALID, ERR_DAEMON_JSON_INVALID
 */
export function renderLocal({ found, existingDropIn, hasSocketUnit, ...from }: LocalRendering): RenderedLocal {
  const json = readDaemonJson(from.daemonJson ?? '')
  const local = ownSocket(hasSocketUnit)
  // No listener on the network and no TLS flag is taken over, whatever they are.
  const settings = effectiveSettings({
    unit: found.unit,
    tls: tlsFilesIn('/'),
    listen: [DEFAULT_LISTENER, ...local],
  })
  const hosts = hostsOf(json).filter((host) => networkListener(host) === undefined)
  const hasHosts = hostsOf(json).length > 0
  const changesCommand = settings.dropped.some(isOfNetwork)
  const left = withoutNetwork(json, hosts.length > 0 ? hosts : [hasSocketUnit ? 'fd://' : LOCAL_SOCKET])
  const isChanged = JSON.stringify(left) !== JSON.stringify(json)
  const text = isChanged ? `${JSON.stringify(left, undefined, 2)}\n` : from.daemonJson
  const daemonJson = withLiveRestore(text, from.liveRestore)
  return {
    dropIn: mergeDropIn(existingDropIn, dropIn(settings, flagsOf(settings, hasHosts))),
    changesCommand,
    ...(daemonJson !== undefined && daemonJson !== from.daemonJson && { daemonJson }),
  }
}

/** dockerd doesn't start with listeners in both places. */
function flagsOf({ kept, local }: EffectiveSettings, isInJson: boolean): Flag[] {
  return isInJson ? [...kept] : [...kept, ...local]
}

function isOfNetwork(flag: Flag): boolean {
  return flag.name === 'host' ? !isLocalFlag(flag) : MANAGED_FLAGS.has(flag.name ?? '')
}

function withoutNetwork(json: DaemonJson, hosts: readonly string[]): DaemonJson {
  const entries = Object.entries(json).filter(([key]) => !TLS_KEYS.has(key))
  return Object.fromEntries(entries.map(([key, value]) => [key, key === 'hosts' && hasAny(value) ? hosts : value]))
}

function hasAny(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0
}
