import { join } from 'node:path'
import { DaemonError, isDockerMtlsError } from '../base/errors.ts'
import { findInstalledUnit, readUnitFile, type FoundUnit } from './unit/installed-unit.ts'
import { readIfThere } from '../base/files.ts'

/** What is known of the daemon as it is installed: how it is started, and its daemon.json. */
export interface DaemonSource {
  /** Absent: no unit is installed, and docker-ce's is taken. */
  readonly found?: FoundUnit
  /** Was the unit named, or looked for on this machine? */
  readonly named: boolean
  readonly daemonJson?: { readonly path: string; readonly text: string }
  readonly warnings: readonly string[]
}

/** Where to look. */
export interface SourceOptions {
  /** A unit that is named: then the daemon is another machine's, and nothing of this one counts. */
  readonly unit?: string | undefined
  /** The daemon.json that is there. */
  readonly daemonJson?: string | undefined
  /** @defaultValue `/` */
  readonly root?: string | undefined
}

/**
 * Finds the unit and the daemon.json to start from. Without a named unit those of this machine count, where Docker is
 * installed.
 *
 * @throws {@link DaemonError} ERR_UNIT_NOT_FOUND, ERR_UNIT_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function findDaemonSource({ unit, daemonJson, root = '/' }: SourceOptions): Promise<DaemonSource> {
  const named = unit !== undefined
  const found = named ? await readUnitFile(unit) : await findInstalledUnit(root)
  const json = daemonJson === undefined ? undefined : await readNamed(daemonJson)
  if (found === undefined || named || json !== undefined) {
    return { ...(found && { found }), named, ...(json && { daemonJson: json }), warnings: [] }
  }
  return { found, named, ...(await readInstalled(join(root, 'etc/docker/daemon.json'), found)) }
}

/**
 * What to know of a drop-in that no unit was found for: Debian's docker.io has /usr/sbin/dockerd (its docker.service), and
 * with docker-ce's path it would not start.
 *
 * @param server - its name for ssh
 * @param flags - what the command is to be given then
 */
export function guessWarning({ found }: DaemonSource, server: string, flags: string): string[] {
  if (found !== undefined) return []
  const way = `ssh ${server} systemctl cat docker.service > docker.service`
  return [
    "No docker.service is installed here, so the drop-in starts dockerd as docker-ce's does, /usr/bin/dockerd. Debian's " +
      `docker.io has /usr/sbin/dockerd. With the server's own unit it fits:  ${way} , then  ${flags}`,
  ]
}

async function readNamed(path: string): Promise<{ path: string; text: string }> {
  const text = await readIfThere(path)
  if (text !== undefined) return { path, text }
  throw new DaemonError('ERR_DAEMON_JSON_INVALID', {
    tried: `reading ${path}`,
    got: 'there is no such file',
    todo: "Name a copy of the server's /etc/docker/daemon.json, or leave the option out if it has none.",
  })
}

/** A file that only root reads must not keep anyone from making certificates. */
async function readInstalled(path: string, found: FoundUnit): Promise<Pick<DaemonSource, 'daemonJson' | 'warnings'>> {
  const warnings = found.later.map(
    (later) => `${later} sets ExecStart= too, and is read after override.conf: take that line out, or it wins.`,
  )
  try {
    const text = await readIfThere(path)
    return { ...(text !== undefined && { daemonJson: { path, text } }), warnings }
  } catch (cause) {
    if (!isDockerMtlsError(cause, 'ERR_FILE_READ')) throw cause
    return { warnings: [...warnings, `${path} can't be read: see to it that it has none of the flags in ExecStart=.`] }
  }
}
