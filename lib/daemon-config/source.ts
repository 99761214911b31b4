import { join } from 'node:path'
import { DaemonError, isDockerMtlsError } from '../base/errors.ts'
import { findInstalledUnit, hidesOverride, readUnitFile, type FoundUnit } from './unit/installed-unit.ts'
import { readIfThere } from '../base/files.ts'
import { command, ours, sentence } from '../base/sentence.ts'
import type { DaemonJsonFile } from './existing-daemon-json.ts'
import type { DaemonWarning } from './warnings.ts'

/** The daemon as it is installed: the unit that starts it, and its daemon.json. */
export interface DaemonSource {
  /** Absent: no unit is installed, and docker-ce's is used. */
  readonly found?: FoundUnit
  readonly daemonJson?: DaemonJsonFile
  readonly warnings: readonly DaemonWarning[]
}

/** Where {@link findDaemonSource} looks for the unit and daemon.json. */
export interface SourceOptions {
  /** The path of a unit of another machine. If it is set, the files of this machine are ignored. */
  readonly unit?: string | undefined
  /** The path of a copy of the existing daemon.json. */
  readonly daemonJson?: string | undefined
  /** @defaultValue `/` */
  readonly root?: string | undefined
}

const MOVE_ALL = ours('daemon', 'render', '--daemon-json')

/**
 * Finds the unit and the daemon.json to start from. If no unit is named, it reads the files of this machine, if Docker is
 * installed here.
 *
 * @throws {@link DaemonError} ERR_UNIT_NOT_FOUND, ERR_UNIT_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function findDaemonSource({ unit, daemonJson, root = '/' }: SourceOptions): Promise<DaemonSource> {
  const found = unit === undefined ? await findInstalledUnit(root) : await readUnitFile(unit)
  const json = daemonJson === undefined ? undefined : await readNamed(daemonJson)
  if (found === undefined || unit !== undefined || json !== undefined) {
    return { ...(found && { found }), ...(json && { daemonJson: json }), warnings: [] }
  }
  const installed = await readInstalled(root)
  return { found, ...installed, warnings: [...laterDropIns(found), ...installed.warnings] }
}

/**
 * Finds only the daemon.json: on a server without systemd, no unit starts dockerd.
 *
 * @throws {@link DaemonError} ERR_DAEMON_JSON_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function findDaemonJson({ daemonJson, root = '/' }: SourceOptions): Promise<DaemonSource> {
  return daemonJson === undefined ? readInstalled(root) : { daemonJson: await readNamed(daemonJson), warnings: [] }
}

/**
 * Warns if no unit was found, so that docker-ce's is assumed. Debian's docker.io would not start with it, since its
 * docker.service starts /usr/sbin/dockerd.
 *
 * @param server - the server's name, for the ssh command in the warning
 * @param flags - the flags to repeat the command with
 */
export function assumedUnitWarnings(
  { found }: DaemonSource,
  server: string,
  flags: readonly string[],
): DaemonWarning[] {
  if (found !== undefined) return []
  const fetched = command('ssh', server, 'systemctl', 'cat', 'docker.service')
  const text = sentence`No docker.service is installed here, so the drop-in starts /usr/bin/dockerd, as docker-ce's does. Debian's docker.io has /usr/sbin/dockerd. To use the server's own unit, run  ${fetched} > docker.service  and repeat this command with  ${command(...flags)}`
  return [{ code: 'unit-assumed', text }]
}

async function readNamed(path: string): Promise<DaemonJsonFile> {
  const text = await readIfThere(path)
  if (text !== undefined) return { path, text, moveAll: MOVE_ALL }
  throw new DaemonError('ERR_DAEMON_JSON_INVALID', {
    tried: `reading ${path}`,
    got: 'the file does not exist',
    todo: "Name a copy of the server's /etc/docker/daemon.json, or omit the option if the server has none.",
  })
}

function laterDropIns({ later }: FoundUnit): DaemonWarning[] {
  return later.map((path) => ({
    code: 'later-drop-in',
    text: hidesOverride(path)
      ? `systemd reads ${path} instead of the override.conf in /etc/systemd/system. Move it away.`
      : `${path} sets ExecStart= too, and systemd reads it after override.conf, so it wins. Remove that line.`,
  }))
}

/** A file that only root can read leads to a warning, so that other users can still create certificates. */
async function readInstalled(root: string): Promise<Pick<DaemonSource, 'daemonJson' | 'warnings'>> {
  const path = join(root, 'etc/docker/daemon.json')
  try {
    const text = await readIfThere(path)
    return { ...(text !== undefined && { daemonJson: { path, text, moveAll: MOVE_ALL } }), warnings: [] }
  } catch (cause) {
    if (!isDockerMtlsError(cause, 'ERR_FILE_READ')) throw cause
    const text = `docker-mtls can't read ${path}. Make sure that it sets none of the flags in ExecStart=.`
    return { warnings: [{ code: 'daemon-json-unreadable', text }] }
  }
}
