import { DaemonError } from '../base/errors.ts'
import { parseJsonDocument } from '../base/json.ts'
import type { Flag } from './unit/flags.ts'
import { command, sentence, type CommandPart, type Sentence } from '../base/sentence.ts'
import { quoted } from '../base/text.ts'

/** The object in a daemon.json, with unchecked values. */
export type DaemonJson = Readonly<Record<string, unknown>>

/**
 * The keys of flags that may be repeated, which are plural (moby, opts.NamedOption and cmd/dockerd/config.go). `--add-runtime`
 * isn't included: `runtimes` is the only directive that dockerd merges from both places.
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

/** A daemon.json on a host, or one that the user has named, for errors about it. */
export interface DaemonJsonFile {
  readonly path: string
  readonly text: string
  /** The command that moves all settings into daemon.json. */
  readonly moveAll: CommandPart
}

/**
 * Parses a daemon.json.
 *
 * @param text - the text of the file. An empty file is an empty configuration, as for dockerd
 * @param name - how errors refer to the file
 * @throws {@link DaemonError} `ERR_DAEMON_JSON_INVALID`
 */
export function readDaemonJson(text: string, name = 'daemon.json'): DaemonJson {
  const json = text.replace(/^\uFEFF/, '')
  if (json.trim() === '') return {}
  let value: unknown
  try {
    value = parseJsonDocument(json)
  } catch (cause) {
    throw invalid(name, (cause as Error).message, cause)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(name, 'it is not a JSON object')
  const { hosts } = value as DaemonJson
  const isList = hosts === undefined || (Array.isArray(hosts) && hosts.every((host) => typeof host === 'string'))
  if (!isList) throw invalid(name, 'its "hosts" is not an array of strings')
  return value as DaemonJson
}

function invalid(name: string, got: string, cause?: unknown): DaemonError {
  return new DaemonError('ERR_DAEMON_JSON_INVALID', {
    tried: `reading ${name}`,
    got: quoted(got).slice(1, -1),
    todo: sentence`Correct the file, and check it with  ${command('dockerd', '--validate', '--config-file', 'FILE')}`,
    cause,
  })
}

/** The listeners in a daemon.json. */
export function hostsOf(existing: DaemonJson | undefined): readonly string[] {
  return (existing?.['hosts'] ?? []) as readonly string[]
}

/** The keys that dockerd compares with flags. They include the keys of `proxies`, which it compares one by one. */
function directivesIn(json: DaemonJson): Set<string> {
  const { proxies } = json
  return new Set([
    ...Object.keys(json),
    ...(typeof proxies === 'object' && proxies !== null ? Object.keys(proxies) : []),
  ])
}

/** The keys that conflict with a flag. dockerd accepts `tls` beside `tlsverify`, but doesn't document which of them wins. */
function keysOf(flag: string): string[] {
  return flag === 'tlsverify' ? ['tlsverify', 'tls'] : [KEY_OF_FLAG[flag] ?? flag]
}

/**
 * Refuses a directive that would be both a flag and a key of daemon.json. dockerd doesn't start then, even if both have the
 * same value (moby, findConfigurationConflicts in daemon/config/config.go).
 *
 * @param flags - the flags that go into `ExecStart=`
 * @param json - the daemon.json that will be there
 * @param name - how errors refer to daemon.json
 * @param todo - the remedy
 * @throws {@link DaemonError} `ERR_DIRECTIVE_CONFLICT`
 */
export function checkConflicts(
  flags: readonly Flag[],
  json: DaemonJson,
  name: string,
  todo: (key: string) => Sentence,
): void {
  const keys = directivesIn(json)
  for (const { name: flag = '' } of flags) {
    const key = keysOf(flag).find((candidate) => keys.has(candidate))
    if (key === undefined) continue
    throw new DaemonError('ERR_DIRECTIVE_CONFLICT', {
      tried: `setting --${flag} in ExecStart= and "${key}" in ${name}`,
      got: 'dockerd refuses to start if both are set, even to equal values',
      todo: todo(key),
    })
  }
}

/** The remedy for a directive in both places, for a drop-in beside a daemon.json on a host. */
export function conflictRemedy(key: string, { path, moveAll }: DaemonJsonFile): Sentence {
  // Without its TLS settings, dockerd would let everybody in as soon as it restarts, also if an apply fails and is rolled back.
  if (key.startsWith('tls')) return sentence`Move all settings into that file:  ${moveAll}`
  return sentence`Remove "${key}" from ${path}, or move all settings into that file:  ${moveAll}`
}
