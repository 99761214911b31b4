import { allFlags, argv, dropIn } from './exec-start.ts'
import { checkConflicts } from './existing-daemon-json.ts'
import type { Flag } from './unit/flags.ts'
import type { DaemonOptions } from './options.ts'
import { effectiveSettings, type Plan } from './effective-settings.ts'

function planned(options: DaemonOptions): { plan: Plan; flags: Flag[] } {
  const plan = effectiveSettings(options)
  const flags = allFlags(plan)
  checkConflicts(
    flags,
    plan.existing ?? {},
    (key) => `Take "${key}" out of daemon.json, or render the form that puts all of it there: renderDaemonJson().`,
  )
  return { plan, flags }
}

/**
 * Renders the systemd drop-in that has the whole configuration in `ExecStart=`. It belongs into
 * `/etc/systemd/system/docker.service.d/override.conf`; `systemctl daemon-reload` and `systemctl restart docker` follow.
 *
 * @param options - see {@link DaemonOptions}
 * @returns the file's text
 * @throws {@link DaemonError} for what must not or can't be rendered: `ERR_LISTEN_PLAINTEXT`, `ERR_LISTEN_INVALID`,
 *   `ERR_PATH_INVALID`, `ERR_UNIT_INVALID`, `ERR_USERNS_INVALID`, `ERR_DAEMON_JSON_INVALID`, and
 *   `ERR_DIRECTIVE_CONFLICT` when `daemonJson` is given and has one of the same directives
 * @throws {@link ArgumentError} `ERR_OPTION_UNKNOWN`, `ERR_ARGUMENT_INVALID`
 * @example
 * ```ts
 * const text = renderOverride({
 *   unit: parseUnit(await readFile('/lib/systemd/system/docker.service', 'utf8')),
 *   tls: {
 *     ca: '/etc/docker/tls/ca.pem',
 *     cert: '/etc/docker/tls/server-cert.pem',
 *     key: '/etc/docker/tls/server-key.pem',
 *   },
 *   usernsRemap: 'default',
 * })
 * ```
 */
export function renderOverride(options: DaemonOptions): string {
  const { plan, flags } = planned(options)
  return dropIn(plan, flags)
}

/**
 * Renders the same command line for a dockerd that is started without systemd: exactly what systemd would hand over,
 * argument by argument.
 *
 * @param options - see {@link DaemonOptions}; with a local listener other than `fd://`
 * @returns the executable and its arguments, unquoted
 * @throws {@link DaemonError} as {@link renderOverride} does; also `ERR_LISTEN_INVALID` for `fd://` and
 *   `ERR_UNIT_INVALID` when the unit has words such as `$DOCKER_OPTS` that only systemd can expand
 * @throws {@link ArgumentError} `ERR_OPTION_UNKNOWN`, `ERR_ARGUMENT_INVALID`
 * @example
 * ```ts
 * const [file, ...args] = renderArgv({
 *   exec: '/usr/sbin/dockerd',
 *   listen: ['unix:///run/demo/docker.sock', 'tcp://127.0.0.1:23760'],
 *   tls: { ca: '/run/demo/ca.pem', cert: '/run/demo/server-cert.pem', key: '/run/demo/server-key.pem' },
 * })
 * ```
 */
export function renderArgv(options: DaemonOptions): string[] {
  const { plan, flags } = planned(options)
  return argv(plan, flags)
}
