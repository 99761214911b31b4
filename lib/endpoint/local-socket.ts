import { stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { DEFAULT_PIPE, DEFAULT_SOCKET, type NpipeEndpoint, type UnixEndpoint } from './endpoint.ts'
import { enumerate } from '../base/text.ts'
import type { Environment } from './environment.ts'
import { homeFolder } from './folders.ts'

/** Whether there is a socket at a path. Tests replace it. */
export type IsSocket = (path: string) => Promise<boolean>

/**
 * stat(2) needs no permission for the socket itself. A socket that this user may not open is still chosen, so that the error
 * names it.
 */
async function isSocketFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isSocket(),
    () => false,
  )
}

/** The sockets of the system's daemon, of Docker Desktop and of a rootless daemon, in this order. */
function candidates(env: Environment): string[] {
  const runtime = env['XDG_RUNTIME_DIR']
  // The XDG Base Directory Specification requires that a relative path is ignored.
  const rootless = runtime !== undefined && isAbsolute(runtime) ? [join(runtime, 'docker.sock')] : []
  return [DEFAULT_SOCKET, join(homeFolder(env), '.docker', 'run', 'docker.sock'), ...rootless]
}

/** The endpoint of this machine's daemon, and the reason for the choice. */
export interface LocalEndpoint {
  readonly endpoint: UnixEndpoint | NpipeEndpoint
  readonly because: string
  readonly exists: boolean
}

function noneExists(paths: readonly string[]): string {
  if (paths.length === 2) return `neither ${paths.join(' nor ')} exists`
  return paths.length === 1 ? `${paths.join('')} doesn't exist` : `none of ${enumerate(paths)} exists`
}

/**
 * Finds the daemon of this machine. The choice depends only on which socket exists: a failed connection doesn't select
 * another socket. If none exists, it returns the default socket, so that the error names it.
 */
export async function findLocalSocket(
  env: Environment,
  platform: NodeJS.Platform = process.platform,
  isSocket: IsSocket = isSocketFile,
): Promise<LocalEndpoint> {
  if (platform === 'win32')
    return { endpoint: { kind: 'npipe', path: DEFAULT_PIPE }, because: 'it is the default pipe', exists: true }
  const paths = candidates(env)
  for (const path of paths) {
    if (!(await isSocket(path))) continue
    return { endpoint: { kind: 'unix', path }, because: 'it is the first socket that exists', exists: true }
  }
  const because = `${noneExists(paths)}, so this is the default`
  return { endpoint: { kind: 'unix', path: DEFAULT_SOCKET }, because, exists: false }
}
