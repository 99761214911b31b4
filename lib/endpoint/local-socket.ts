import { stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { DEFAULT_PIPE, DEFAULT_SOCKET, type NpipeEndpoint, type UnixEndpoint } from './endpoint.ts'
import { enumerate } from '../base/text.ts'
import type { Environment } from './environment.ts'
import { homeFolder } from './folders.ts'

/** What tells a socket from a file; replaced in tests. */
export type IsSocket = (path: string) => Promise<boolean>

/** Needs no right to open it: one that we may not use is still the one that is meant. */
async function isSocketFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isSocket(),
    () => false,
  )
}

/** The sockets of the system's daemon, of Docker Desktop and of a rootless daemon, in this order. */
function candidates(env: Environment): string[] {
  const runtime = env['XDG_RUNTIME_DIR']
  // XDG Base Directory Specification: a relative path is to be ignored.
  const rootless = runtime !== undefined && isAbsolute(runtime) ? [join(runtime, 'docker.sock')] : []
  return [DEFAULT_SOCKET, join(homeFolder(env), '.docker', 'run', 'docker.sock'), ...rootless]
}

/** The daemon of this machine, and why it is that one. */
export interface LocalEndpoint {
  readonly endpoint: UnixEndpoint | NpipeEndpoint
  readonly because: string
}

/**
 * Finds the daemon of this machine. Chosen once, by which socket exists, and never again because a connection
 * failed. Where there is none it is the usual one, so that the error names what is missing.
 */
export async function findLocalSocket(
  env: Environment,
  platform: NodeJS.Platform = process.platform,
  isSocket: IsSocket = isSocketFile,
): Promise<LocalEndpoint> {
  if (platform === 'win32')
    return { endpoint: { kind: 'npipe', path: DEFAULT_PIPE }, because: 'it is the default pipe' }
  const paths = candidates(env)
  for (const path of paths) {
    if (await isSocket(path)) return { endpoint: { kind: 'unix', path }, because: 'it is the first socket that exists' }
  }
  const because = `none of ${enumerate(paths)} exists, so this is the default`
  return { endpoint: { kind: 'unix', path: DEFAULT_SOCKET }, because }
}
