import { hostsOf } from './existing-daemon-json.ts'
import type { Flag } from './unit/flags.ts'
import type { DaemonOptions } from './options.ts'
import { networkListener } from './listen.ts'
import { isLocal, effectiveSettings, type Plan } from './effective-settings.ts'
import { quoted } from '../base/text.ts'

/**
 * What a reader of the rendered files should know: words that only systemd can expand, and what was there and is
 * now left out or replaced.
 *
 * @param options - the same that were rendered
 * @returns one sentence each; none when there is nothing to say
 * @throws {@link DaemonError} {@link ArgumentError} as {@link renderOverride} does
 * @example
 * ```ts
 * for (const warning of daemonWarnings(options)) console.error(warning)
 * ```
 */
export function daemonWarnings(options: DaemonOptions): string[] {
  const plan = effectiveSettings(options)
  return [...unknownWords(plan), ...otherConfigFile(plan), ...droppedFlags(plan), ...replacedKeys(plan)]
}

function raw(flag: Flag): string {
  return quoted(flag.words.map((word) => word.raw).join(' '))
}

function unknownWords({ kept, environmentFiles }: Plan): string[] {
  const from = environmentFiles.length > 0 ? `the environment (${environmentFiles.join(', ')})` : 'the environment'
  return kept
    .filter(({ name, words }) => name === undefined && words.some((word) => word.literal === undefined))
    .map((flag) => `${raw(flag)} of the unit comes from ${from}: see to it that no -H and no --tls flag is in there.`)
}

function otherConfigFile({ kept }: Plan): string[] {
  return kept
    .filter(({ name }) => name === 'config-file')
    .map((flag) => `The unit reads another daemon.json than /etc/docker/daemon.json: ${raw(flag)}.`)
}

function droppedFlags(plan: Plan): string[] {
  return plan.dropped.filter((flag) => isLost(flag, plan)).map((flag) => `${raw(flag)} of the unit is left out.`)
}

/** Said again with the same meaning, or kept, is not lost. */
function isLost({ name = '', value }: Flag, { local, tcp, tls, usernsRemap, debug }: Plan): boolean {
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

/** dockerd takes a host without a scheme for one of TCP. */
function isSame({ value }: Flag, host: string): boolean {
  return value === host || value === networkListener(host)
}

function replacedKeys({ existing = {}, local, tcp, tls, usernsRemap, debug }: Plan): string[] {
  const now: Record<string, unknown> = {
    tls: undefined,
    tlsverify: true,
    tlscacert: tls.ca,
    tlscert: tls.cert,
    tlskey: tls.key,
    ...(usernsRemap === undefined ? {} : { 'userns-remap': usernsRemap }),
    ...(debug === undefined ? {} : { debug }),
  }
  const keys = Object.keys(now).filter((key) => key in existing && existing[key] !== now[key])
  const hosts = hostsOf(existing).filter((host) => ![...local, ...tcp].some((flag) => isSame(flag, host)))
  return [
    ...keys.map((key) => `"${key}" of daemon.json was ${quoted(JSON.stringify(existing[key]))}, and is replaced.`),
    ...hosts.map((host) => `The ${isLocal(host) ? 'local ' : ''}listener ${quoted(host)} of daemon.json is left out.`),
    ...('host' in existing ? ['"host" in daemon.json does nothing: dockerd reads "hosts".'] : []),
  ]
}
