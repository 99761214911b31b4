import { DaemonError } from '../base/errors.ts'
import { option, sentence, type Sentence } from '../base/sentence.ts'
import { readDaemonJson, type DaemonJson } from './existing-daemon-json.ts'

/** Changes to daemon.json: a merge patch (RFC 7396). Null removes a key. */
export type DaemonSettingsPatch = DaemonJson

/** Keys that an apply sets itself, with what else they need. */
const MANAGED: Readonly<Record<string, Sentence>> = {
  hosts: sentence`Set ${option('listen')} instead.`,
  tls: 'Leave it out: an apply always sets up mutual TLS.',
  tlsverify: 'Leave it out: an apply always sets up mutual TLS.',
  tlscacert: sentence`Set ${option('tlsDir')} instead.`,
  tlscert: sentence`Set ${option('tlsDir')} instead.`,
  tlskey: sentence`Set ${option('tlsDir')} instead.`,
  'userns-remap': sentence`Set ${option('usernsRemap')} instead: the apply also makes the ids, and says what is hidden.`,
  'live-restore': sentence`Set ${option('liveRestore')} instead: containers then survive even the first restart.`,
}

/**
 * Reads changes to daemon.json, and refuses those that an apply makes itself.
 *
 * @throws {@link DaemonError} `ERR_DAEMON_JSON_INVALID`
 */
export function parseDaemonSettings(text: string, name: string): DaemonSettingsPatch {
  const patch = readDaemonJson(text, name)
  const managed = Object.keys(patch).find((key) => Object.hasOwn(MANAGED, key))
  if (managed === undefined) return patch
  throw new DaemonError('ERR_DAEMON_JSON_INVALID', {
    tried: `reading ${name}`,
    got: `it changes "${managed}", which the apply sets itself`,
    todo: MANAGED[managed] ?? '',
  })
}

/** Applies a merge patch (RFC 7396, section 2). */
export function mergeSettings(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const merged: Record<string, unknown> = isObject(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else
      Object.defineProperty(merged, key, {
        value: mergeSettings(merged[key], value),
        enumerable: true,
        writable: true,
        configurable: true,
      })
  }
  return merged
}

/**
 * The text of a daemon.json with changes. It stays as it is, byte by byte, if they change nothing.
 *
 * @param text - undefined if there is no such file
 */
export function patchDaemonJson(text: string | undefined, patch: DaemonSettingsPatch): string | undefined {
  const before = readDaemonJson(text ?? '')
  const after = mergeSettings(before, patch)
  return JSON.stringify(after) === JSON.stringify(before) ? text : `${JSON.stringify(after, undefined, 2)}\n`
}

function isObject(value: unknown): value is DaemonJson {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
