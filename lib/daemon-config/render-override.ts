import { effectiveSettings, type EffectiveSettings } from './effective-settings.ts'
import { allFlags, argv, dropIn } from './exec-start.ts'
import { checkConflicts, conflictRemedy, type DaemonJsonFile } from './existing-daemon-json.ts'
import type { DaemonOptions } from './options.ts'
import type { Flag } from './unit/flags.ts'

function checkedSettings(
  options: DaemonOptions,
  file?: DaemonJsonFile,
): { settings: EffectiveSettings; flags: Flag[] } {
  const settings = effectiveSettings(options, file?.path)
  const flags = allFlags(settings)
  checkConflicts(flags, settings.existing ?? {}, file?.path ?? 'daemon.json', (key) =>
    file === undefined
      ? `Remove "${key}" from daemon.json, or move all settings into that file with renderDaemonJson().`
      : conflictRemedy(key, file),
  )
  return { settings, flags }
}

/**
 * Renders the systemd drop-in with all settings in `ExecStart=`. Save it as
 * `/etc/systemd/system/docker.service.d/override.conf`, then run `systemctl daemon-reload` and `systemctl restart docker`.
 *
 * @param options - see {@link DaemonOptions}
 * @returns the text of the file
 * @throws {@link DaemonError} for settings that can't or must not be rendered: `ERR_LISTEN_PLAINTEXT`,
 *   `ERR_LISTEN_INVALID`, `ERR_PATH_INVALID`, `ERR_UNIT_INVALID`, `ERR_USERNS_INVALID`, `ERR_DAEMON_JSON_INVALID`, and
 *   `ERR_DIRECTIVE_CONFLICT` if `daemonJson` has one of the same directives
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
  return renderOverrideBeside(options, undefined)
}

/** {@link renderOverride} beside a daemon.json. Errors refer to that file by its path. */
export function renderOverrideBeside(options: DaemonOptions, file: DaemonJsonFile | undefined): string {
  const { settings, flags } = checkedSettings(options, file)
  return dropIn(settings, flags)
}

/**
 * Renders the same command line for a dockerd that is started without systemd. It is the argument vector that systemd would
 * pass.
 *
 * @param options - see {@link DaemonOptions}; with a local listener other than `fd://`
 * @returns the executable and its arguments, unquoted
 * @throws {@link DaemonError} as {@link renderOverride} does; also `ERR_LISTEN_INVALID` for `fd://` and
 *   `ERR_UNIT_INVALID` if the unit has words such as `$DOCKER_OPTS` that only systemd can expand
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
  const { settings, flags } = checkedSettings(options)
  return argv(settings, flags)
}
