import { isDockerMtlsError } from '../../../base/errors.ts'
import { checkConflicts, readDaemonJson, type DaemonJson } from '../../../daemon-config/existing-daemon-json.ts'
import { isOn, lastValue, type Flag } from '../../../daemon-config/unit/flags.ts'
import { flagsIn } from '../../../daemon-config/unit/variables.ts'
import type { Part } from '../snapshot.ts'
import { SETTINGS, type HostSettings } from './schema.ts'

const TEXTS = ['group', 'log-level', 'bridge-accept-fwmark', 'tlscacert', 'tlscert', 'tlskey'] as const
const SWITCHES = ['tls', 'tlsverify', 'iptables', 'ip6tables', 'userland-proxy', 'allow-direct-routing'] as const

/** Keys of lists in daemon.json, and their flags. */
const LISTS = { hosts: 'host', 'authorization-plugins': 'authorization-plugin' } as const

/** The configuration of a daemon. */
export interface Configuration {
  readonly settings: Part<HostSettings>
  /** What prevents dockerd from reading daemon.json. */
  readonly fault: string | null
  /** Settings that are both in the command line and in daemon.json. */
  readonly conflicts: readonly string[]
}

/**
 * Reads the listed settings of dockerd. Others are dropped: they may be secrets, as those of proxies and log drivers are.
 *
 * @param argv - its command line
 * @param json - the text of daemon.json, empty if there is none
 */
export function readConfiguration(argv: Part<readonly string[]>, json: Part<string>): Configuration {
  const parsed: Parsed = 'unknown' in json ? json : parseJson(json.value)
  const flags = 'unknown' in argv ? argv : parseFlags(argv.value)
  const { fault = null } = parsed
  if ('unknown' in flags) return { settings: flags, fault, conflicts: [] }
  if ('unknown' in parsed) return { settings: parsed, fault, conflicts: [] }
  const found: unknown = {
    ...Object.fromEntries(TEXTS.map((name) => [name, lastValue(flags.value, name) ?? parsed.value[name] ?? null])),
    ...Object.fromEntries(
      Object.entries(LISTS).map(([key, flag]) => [key, listOf(key, flag, flags.value, parsed.value)]),
    ),
    ...Object.fromEntries(SWITCHES.map((name) => [name, switchOf(name, flags.value, parsed.value)])),
  }
  return { settings: { value: SETTINGS.parse(found) }, fault, conflicts: conflictsOf(flags.value, parsed.value) }
}

/** dockerd refuses to start if both have it. A flag without a value is one of a form that isn't known. */
function listOf(key: string, flag: string, flags: readonly Flag[], json: DaemonJson): unknown {
  const given = flags.filter(({ name }) => name === flag).map(({ value }) => value)
  return given.length > 0 ? given : (json[key] ?? null)
}

function switchOf(name: string, flags: readonly Flag[], json: DaemonJson): unknown {
  const flag = flags.findLast((one) => one.name === name)
  return flag === undefined ? (json[name] ?? null) : isOn(flag)
}

type Parsed =
  | { readonly value: DaemonJson; readonly fault?: undefined }
  | { readonly unknown: string; readonly fault?: string }

/** The message of a JSON error may quote the file, so it stays out. */
function parseJson(text: string): Parsed {
  try {
    return { value: readDaemonJson(text) }
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    const fault = 'daemon.json is not a valid JSON object'
    return { unknown: fault, fault }
  }
}

function parseFlags(argv: readonly string[]): Part<Flag[]> {
  try {
    return { value: flagsIn(argv.slice(1)) }
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return { unknown: 'the command line of dockerd could not be read' }
  }
}

function conflictsOf(flags: readonly Flag[], json: DaemonJson): string[] {
  const byName = new Map(flags.map((flag) => [flag.name ?? '', flag]))
  return [...byName].filter(([, flag]) => isConflict(flag, json)).map(([name]) => name)
}

function isConflict(flag: Flag, json: DaemonJson): boolean {
  try {
    checkConflicts([flag], json, 'daemon.json', () => '')
    return false
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return true
  }
}
