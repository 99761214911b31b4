import { DaemonError } from '../base/errors.ts'
import type { Flag } from './unit/flags.ts'
import { quoted } from '../base/text.ts'

/** A daemon.json, with whatever keys it has. */
export type DaemonJson = Readonly<Record<string, unknown>>

/**
 * Flags that may be repeated have a key in the plural (moby, opts.NamedOption and cmd/dockerd/config.go). `--add-runtime`
 * isn't here: its `runtimes` are the one directive that dockerd merges from both places.
 */
const KEY_OF_FLAG: Readonly<Record<string, string>> = {
  host: 'hosts',
  label: 'labels',
  'authorization-plugin': 'authorization-plugins',
  'cdi-spec-dir': 'cdi-spec-dirs',
  'default-address-pool': 'default-address-pools',
  'default-network-opt': 'default-network-opts',
  'default-ulimit': 'default-ulimits',
  'dns-opt': 'dns-opts',
  'exec-opt': 'exec-opts',
  'insecure-registry': 'insecure-registries',
  'log-opt': 'log-opts',
  'node-generic-resource': 'node-generic-resources',
  'registry-mirror': 'registry-mirrors',
  'storage-opt': 'storage-opts',
}
/**
 * Reads a daemon.json.
 *
 * @param text - the file; an empty one is an empty configuration, as it is for dockerd
 * @throws {@link DaemonError} `ERR_DAEMON_JSON_INVALID`
 */
export function readDaemonJson(text: string): DaemonJson {
  const json = text.replace(/^\uFEFF/, '')
  if (json.trim() === '') return {}
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (cause) {
    throw invalid((cause as Error).message, cause)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('it is no JSON object')
  const { hosts } = value as DaemonJson
  const isList = hosts === undefined || (Array.isArray(hosts) && hosts.every((host) => typeof host === 'string'))
  if (!isList) throw invalid('its "hosts" is no array of strings')
  return value as DaemonJson
}

function invalid(got: string, cause?: unknown): DaemonError {
  return new DaemonError('ERR_DAEMON_JSON_INVALID', {
    tried: 'reading daemon.json',
    got: quoted(got).slice(1, -1),
    todo: 'Mend the file; dockerd --validate --config-file FILE says whether it holds.',
    cause,
  })
}

/** Where a daemon.json lets the daemon listen. */
export function hostsOf(existing: DaemonJson | undefined): readonly string[] {
  return (existing?.['hosts'] ?? []) as readonly string[]
}

/** The keys that dockerd compares with flags: those of `proxies` count one by one. */
function directives(json: DaemonJson): Set<string> {
  const { proxies } = json
  return new Set([
    ...Object.keys(json),
    ...(typeof proxies === 'object' && proxies !== null ? Object.keys(proxies) : []),
  ])
}

/** `tls` beside `tlsverify` starts, and who wins is nothing to rely on. */
function keysOf(flag: string): string[] {
  return flag === 'tlsverify' ? ['tlsverify', 'tls'] : [KEY_OF_FLAG[flag] ?? flag]
}

/**
 * Refuses a directive that would stand both as a flag and in daemon.json: dockerd doesn't start then, even when
 * both say the same (moby, findConfigurationConflicts in daemon/config/config.go).
 *
 * @param flags - what goes into `ExecStart=`
 * @param json - what goes into daemon.json, or is there
 * @param todo - the remedy
 * @throws {@link DaemonError} `ERR_DIRECTIVE_CONFLICT`
 */
export function checkConflicts(flags: readonly Flag[], json: DaemonJson, todo: (key: string) => string): void {
  const keys = directives(json)
  for (const { name = '' } of flags) {
    const key = keysOf(name).find((candidate) => keys.has(candidate))
    if (key === undefined) continue
    throw new DaemonError('ERR_DIRECTIVE_CONFLICT', {
      tried: `the flag --${name} in ExecStart= and the key "${key}" in daemon.json`,
      got: 'dockerd does not start when both are there, even with equal values',
      todo: todo(key),
    })
  }
}
