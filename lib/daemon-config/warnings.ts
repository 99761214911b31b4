import { quoted } from '../base/text.ts'
import { warningTexts, type Warning } from '../base/warning.ts'
import { effectiveSettings, isLocal, managedKeys, type EffectiveSettings } from './effective-settings.ts'
import { hostsOf, type DaemonJson } from './existing-daemon-json.ts'
import { networkListener } from './listen.ts'
import type { DaemonOptions } from './options.ts'
import type { Flag } from './unit/flags.ts'

/** What a warning about a rendered configuration is about. */
export type DaemonWarningCode =
  /** A word of the unit that only systemd can expand, such as `$DOCKER_OPTS`, may hold flags. */
  | 'unknown-words'
  /** The unit reads another daemon.json. */
  | 'other-config-file'
  /** A flag of the unit is removed. */
  | 'flag-removed'
  /** A key of daemon.json is replaced. */
  | 'key-replaced'
  /** A listener of daemon.json is removed. */
  | 'listener-removed'
  /** dockerd ignores a key of daemon.json. */
  | 'key-ignored'
  /** Another drop-in overrides override.conf. */
  | 'later-drop-in'
  /** The installed daemon.json can't be read. */
  | 'daemon-json-unreadable'
  /** No unit is installed here, so docker-ce's is assumed. */
  | 'unit-assumed'

/** A warning about a rendered configuration. */
export type DaemonWarning = Warning<DaemonWarningCode>

/**
 * Lists what you should know about the rendered files: words that only systemd can expand, and flags and keys that are
 * removed or replaced.
 *
 * @param options - the options that were rendered
 * @returns one sentence each; an empty array if there is nothing to report
 * @throws {@link DaemonError} {@link ArgumentError} as {@link renderOverride} does
 * @example
 * ```ts
 * for (const warning of daemonWarnings(options)) console.error(warning)
 * ```
 */
export function daemonWarnings(options: DaemonOptions): string[] {
  return warningTexts(findDaemonWarnings(options))
}

/** {@link daemonWarnings} with their codes. */
export function findDaemonWarnings(options: DaemonOptions): DaemonWarning[] {
  const settings = effectiveSettings(options)
  return [...unknownWords(settings), ...otherConfigFile(settings), ...removedFlags(settings), ...changedKeys(settings)]
}

function raw(flag: Flag): string {
  return quoted(flag.words.map((word) => word.raw).join(' '))
}

function unknownWords({ kept, environmentFiles }: EffectiveSettings): DaemonWarning[] {
  const from = environmentFiles.length > 0 ? `its environment (${environmentFiles.join(', ')})` : 'its environment'
  return kept
    .filter(({ name, words }) => name === undefined && words.some((word) => word.literal === undefined))
    .map((flag) => ({
      code: 'unknown-words',
      text: `The unit takes ${raw(flag)} from ${from}. Make sure that it contains no -H and no --tls flags.`,
    }))
}

function otherConfigFile({ kept }: EffectiveSettings): DaemonWarning[] {
  return kept
    .filter(({ name }) => name === 'config-file')
    .map((flag) => ({
      code: 'other-config-file',
      text: `The unit reads a file other than /etc/docker/daemon.json: ${raw(flag)}.`,
    }))
}

function removedFlags(settings: EffectiveSettings): DaemonWarning[] {
  return settings.dropped
    .filter((flag) => isLost(flag, settings))
    .map((flag) => ({ code: 'flag-removed', text: `The flag ${raw(flag)} of the unit is removed.` }))
}

/** A flag that is set again to the same value isn't lost. */
function isLost({ name = '', value }: Flag, { local, tcp, tls, usernsRemap, debug }: EffectiveSettings): boolean {
  switch (name) {
    case 'host':
      return value === undefined || ![...local, ...tcp].some((flag) => isSame(flag, value))
    case 'tlscacert':
      return value !== tls.ca
    case 'tlscert':
      return value !== tls.cert
    case 'tlskey':
      return value !== tls.key
    case 'userns-remap':
      return value !== usernsRemap
    case 'debug':
      return debug === false
    default:
      return value !== undefined && value !== 'true'
  }
}

/** dockerd interprets a host without a scheme as a TCP address. */
function isSame({ value }: Flag, host: string): boolean {
  return value === host || value === networkListener(host)
}

function changedKeys(settings: EffectiveSettings): DaemonWarning[] {
  const { existing = {}, local, tcp } = settings
  const now: DaemonJson = { tls: undefined, ...managedKeys(settings) }
  const keys = Object.keys(now).filter((key) => key in existing && existing[key] !== now[key])
  const hosts = hostsOf(existing).filter((host) => ![...local, ...tcp].some((flag) => isSame(flag, host)))
  const replaced = keys.map((key): DaemonWarning => {
    const before = quoted(JSON.stringify(existing[key]))
    return { code: 'key-replaced', text: `"${key}" in daemon.json is replaced. It was ${before}.` }
  })
  const removed = hosts.map((host): DaemonWarning => {
    const what = `${isLocal(host) ? 'local ' : ''}listener ${quoted(host)}`
    return { code: 'listener-removed', text: `The ${what} of daemon.json is removed.` }
  })
  const ignored: DaemonWarning[] =
    'host' in existing
      ? [{ code: 'key-ignored', text: 'dockerd ignores "host" in daemon.json; the key for listeners is "hosts".' }]
      : []
  return [...replaced, ...removed, ...ignored]
}
