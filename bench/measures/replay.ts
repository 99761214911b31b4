import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SecuredDaemon } from '../../test/daemon/harness/secured.ts'
import { cleanEnvironment } from '../../test/support/command.ts'
import { builtProgram, type DaemonEnv } from '../processes.ts'
import { readFrames } from './fixtures.ts'

/** Large enough to be representative of the log, and small enough for the processor caches of the server. */
const SAMPLE_BYTES = 4 * 1024 * 1024

/**
 * Starts a server that sends the frames of a real log as fast as TLS allows, so that the daemon's speed doesn't limit
 * the clients.
 *
 * @param use - receives the environment variables of clients, and the payload bytes of one reading
 */
export async function withReplay<T>(
  daemon: SecuredDaemon,
  { container, bytes }: { container: string; bytes: number },
  use: (env: DaemonEnv, sent: number) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'replay-'))
  try {
    const frames = await readFrames(daemon, container, SAMPLE_BYTES)
    const file = join(folder, 'frames')
    await writeFile(file, frames)
    const server = fork(builtProgram('replay-server'), [daemon.server.folder, file, String(bytes)], {
      env: cleanEnvironment(),
      execArgv: [],
    })
    try {
      const [{ port }] = (await once(server, 'message')) as [{ port: number }]
      const host = { DOCKER_HOST: `tcp://127.0.0.1:${port}`, DOCKER_TLS_CERTDIR: daemon.client.folder }
      return await use({ ...daemon.clientEnv, ...host }, payloadOf(frames) * Math.ceil(bytes / frames.length))
    } finally {
      server.disconnect()
      await once(server, 'exit')
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Returns the number of bytes without frame headers. */
function payloadOf(frames: Buffer): number {
  let sum = 0
  for (let at = 0; at < frames.length; at += 8 + frames.readUInt32BE(at + 4)) sum += frames.readUInt32BE(at + 4)
  return sum
}
