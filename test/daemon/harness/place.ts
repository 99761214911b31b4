import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../../../scripts/packages.ts'
import { freePort } from '../../support/ports.ts'

/** Where a daemon of our own lives: what a configuration for it has to be rendered with. */
export interface DaemonPlace {
  /** Holds all that the daemon writes, its socket and its log. */
  readonly folder: string
  readonly dockerd: string
  readonly socketPath: string
  /** A free port on loopback. */
  readonly port: number
  /** Both listeners, as `-H` takes them. */
  readonly listen: readonly [unix: `unix://${string}`, tcp: `tcp://${string}`]
}

/**
 * Chooses a folder, a socket and a port.
 *
 * @param host - the address that dockerd shall listen on, IPv6 in brackets
 */
export async function chooseDaemonPlace(host = '127.0.0.1'): Promise<DaemonPlace> {
  const dockerd = findProgram('dockerd')
  if (dockerd === undefined) throw new Error('dockerd is not installed (Debian: docker.io)')
  const folder = await mkdtemp(join(tmpdir(), 'dockerd-'))
  // With --userns-remap the containers' root is another user, and has to get through every parent of its data.
  await chmod(folder, 0o711)
  const socketPath = join(folder, 'docker.sock')
  const port = await freePort(host.replace(/^\[|\]$/g, ''))
  return { folder, dockerd, socketPath, port, listen: [`unix://${socketPath}`, `tcp://${host}:${port}`] }
}

/** All that we add to a rendered command line: where the daemon's own files go, so that it meets no other daemon. */
export function isolationFlags({ folder }: DaemonPlace): string[] {
  return [
    `--data-root=${join(folder, 'data')}`,
    `--exec-root=${join(folder, 'exec')}`,
    `--pidfile=${join(folder, 'dockerd.pid')}`,
  ]
}
