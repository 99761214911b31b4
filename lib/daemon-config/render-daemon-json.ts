import { DaemonError } from '../base/errors.ts'
import { dropIn } from './exec-start.ts'
import { checkConflicts, type DaemonJson } from './existing-daemon-json.ts'
import type { Flag } from './unit/flags.ts'
import type { DaemonOptions } from './options.ts'
import { effectiveSettings, type Plan } from './effective-settings.ts'
import { quoted } from '../base/text.ts'

/**
 * Renders the second form: a daemon.json with listeners, TLS and user namespaces. It needs the drop-in of
 * {@link renderDaemonJsonOverride} beside it, because the packaged unit has a `-H` of its own.
 *
 * What `daemonJson` already has stays, but for the directives of this package: `hosts`, `tls`, `tlsverify`,
 * `tlscacert`, `tlscert` and `tlskey` are replaced, and `userns-remap` and `debug` when they are asked for. Local
 * listeners stay unless `listen` names others.
 *
 * @param options - see {@link DaemonOptions}
 * @returns the file's text
 * @throws {@link DaemonError} as {@link renderOverride} does; `ERR_DIRECTIVE_CONFLICT` when a flag that stays in the
 *   unit is in the file too
 * @throws {@link ArgumentError} `ERR_OPTION_UNKNOWN`, `ERR_ARGUMENT_INVALID`
 * @example
 * ```ts
 * const options = {
 *   daemonJson: '{ "live-restore": true }',
 *   tls: { ca: '/etc/docker/tls/ca.pem', cert: '/etc/docker/tls/server-cert.pem', key: '/etc/docker/tls/server-key.pem' },
 * }
 * const files = { 'daemon.json': renderDaemonJson(options), 'override.conf': renderDaemonJsonOverride(options) }
 * ```
 */
export function renderDaemonJson(options: DaemonOptions): string {
  return `${JSON.stringify(planned(options).json, undefined, 2)}\n`
}

/**
 * Renders the drop-in for {@link renderDaemonJson}: the unit's own command without `-H` and TLS flags, since no
 * directive may stand in both places.
 *
 * @param options - the same that were given to {@link renderDaemonJson}
 * @returns the file's text
 * @throws {@link DaemonError} {@link ArgumentError} as {@link renderDaemonJson} does
 * @example
 * ```ts
 * renderDaemonJsonOverride({ unit: parseUnit(text), tls: { ca, cert, key } })
 * ```
 */
export function renderDaemonJsonOverride(options: DaemonOptions): string {
  const { plan } = planned(options)
  return dropIn(plan, plan.kept)
}

function planned(options: DaemonOptions): { plan: Plan; json: DaemonJson } {
  const plan = effectiveSettings(options)
  const json = merge(plan)
  checkConflicts(plan.kept, json, (key) => `Take "${key}" out of daemon.json, or its flag out of the unit.`)
  return { plan, json }
}

function merge({ existing, local, tcp, tls, usernsRemap, debug }: Plan): DaemonJson {
  // `tls` goes: tlsverify implies it (dockerd --help), and "tls": false beside it would say two things.
  const { tls: _, ...rest } = existing ?? {}
  return {
    ...rest,
    hosts: [...local, ...tcp].map(hostOf),
    tlsverify: true,
    tlscacert: tls.ca,
    tlscert: tls.cert,
    tlskey: tls.key,
    ...(usernsRemap === undefined ? {} : { 'userns-remap': usernsRemap }),
    ...(debug === undefined ? {} : { debug }),
  }
}

function hostOf({ value, words }: Flag): string {
  if (value !== undefined) return value
  throw new DaemonError('ERR_LISTEN_INVALID', {
    tried: `moving the unit's listener ${quoted(words.map((word) => word.raw).join(' '))} to daemon.json`,
    got: 'systemd expands it, and dockerd does not',
    todo: 'Name the local listener in the option listen.',
  })
}
