import { compareVersions } from '../base/api-version.ts'
import { DaemonError } from '../base/errors.ts'
import { flagValues, startWords } from './gateway-unit.ts'
import { DEFAULT_LISTENER, networkListener } from './listen.ts'
import { tlsFilesIn } from './options.ts'
import type { ParsedSettings } from './requested-settings.ts'
import { tlsDirOf, type DaemonSettings } from './settings-in-force.ts'
import { execLine, type Unit } from './unit/service.ts'

/** The name of the unit. */
export const PODMAN_UNIT = 'docker-mtls-podman.service'
const TLS_DIR = '/etc/containers/tls'
/** The first version with `--tls-client-ca`. */
const OLDEST_PODMAN = '5.7'

/**
 * Renders the systemd service in which Podman serves its API over mutual TLS, beside its own podman.socket, and the settings in it.
 * It has no sandbox: mounts, system call filters and lost privileges of the service would be those of all containers.
 *
 * @param current - the settings that stay unless others are requested
 * @throws {@link DaemonError} ERR_PATH_INVALID for a path that a unit can't contain
 */
export function renderPodmanUnit(
  requested: ParsedSettings,
  current?: DaemonSettings,
): { readonly unit: Unit; readonly settings: DaemonSettings } {
  const [listener = DEFAULT_LISTENER] = requested.listen ?? current?.listen ?? []
  const tlsDir = requested.tlsDir ?? current?.tlsDir ?? TLS_DIR
  const { ca, cert, key } = tlsFilesIn(tlsDir)
  const tls = [`--tls-cert=${cert}`, `--tls-key=${key}`, `--tls-client-ca=${ca}`]
  const lines = [
    '[Unit]',
    "Description=docker-mtls: Podman's API with mutual TLS",
    'Documentation=man:podman-system-service(1)',
    'After=network-online.target',
    'Wants=network-online.target',
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    'Type=exec',
    // Containers go on when the service ends, as with Podman's own unit.
    'Delegate=yes',
    'KillMode=process',
    `ExecStart=${execLine(['/usr/bin/podman', 'system', 'service', '--time=0', ...tls, listener])}`,
    'Restart=always',
    'RestartSec=5',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
  ]
  return { unit: { name: PODMAN_UNIT, text: `${lines.join('\n')}\n` }, settings: { listen: [listener], tlsDir } }
}

/** The settings in such a unit. */
export function readPodmanUnit(text: string): DaemonSettings {
  const words = startWords(text)
  const listener = networkListener(words.at(-1) ?? '')
  const tlsDir = tlsDirOf((name) => flagValues(words, PODMAN_FLAGS[name] ?? '').at(-1))
  return { listen: listener === undefined ? [] : [listener], ...(tlsDir !== undefined && { tlsDir }) }
}

/** Podman's names of dockerd's flags. */
const PODMAN_FLAGS: Readonly<Record<string, string>> = {
  tlscacert: 'tls-client-ca',
  tlscert: 'tls-cert',
  tlskey: 'tls-key',
}

/**
 * Refuses a Podman that can't ask for client certificates.
 *
 * @param said - by `podman --version`
 * @throws {@link DaemonError} ERR_PODMAN_TOO_OLD
 */
export function checkPodman(said: string): void {
  const [, version] = /^podman version (\d+\.\d+)/.exec(said) ?? []
  if (version === undefined || compareVersions(version, OLDEST_PODMAN) >= 0) return
  throw new DaemonError('ERR_PODMAN_TOO_OLD', {
    tried: `rendering ${PODMAN_UNIT} for the Podman of this machine`,
    got: `it is ${said.trim().slice('podman version '.length)}, which can't ask for client certificates`,
    todo: `Update Podman to ${OLDEST_PODMAN} or later. Until then, use ssh:  DOCKER_HOST=ssh://USER@HOST`,
  })
}
