import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { SecuredDaemon } from '../../test/daemon/harness/secured.ts'
import { freePort, isListening } from '../../test/support/ports.ts'
import type { DaemonEnv } from '../processes.ts'

const MAIN: string = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** What a client connects to. */
export interface Front {
  readonly name: string
  readonly port: number
  readonly process?: ChildProcess
}

export const variablesOf = ({ port }: Front, folder: string): DaemonEnv => ({
  DOCKER_HOST: `tcp://127.0.0.1:${port}`,
  DOCKER_TLS_VERIFY: '1',
  DOCKER_CERT_PATH: folder,
})

export async function startGateway(daemon: SecuredDaemon): Promise<Front> {
  const policy = join(daemon.place.folder, 'policy.yaml')
  await writeFile(policy, 'version: 1\nrules: [{ name: all, who: { commonName: [tester, other] }, level: baseline }]\n')
  const port = await freePort()
  const words = ['gateway', 'run', '--policy', policy, '--from', daemon.server.folder, '--listen', `127.0.0.1:${port}`]
  const host = `unix://${daemon.place.socketPath}`
  return begin('docker-mtls gateway', port, process.execPath, [MAIN, ...words, '--host', host])
}

export async function startHaproxy(daemon: SecuredDaemon): Promise<Front> {
  const { folder, socketPath } = daemon.place
  const port = await freePort()
  const pem = join(folder, 'haproxy.pem')
  await writeFile(
    pem,
    (await Promise.all([daemon.server.cert, daemon.server.key].map((path) => readFile(path)))).join(''),
  )
  const config = join(folder, 'haproxy.cfg')
  const lines = [
    'defaults',
    '  mode http',
    '  timeout connect 5s',
    '  timeout client 10m',
    '  timeout server 10m',
    'frontend docker',
    `  bind 127.0.0.1:${port} ssl crt ${pem} ca-file ${daemon.server.ca} verify required alpn http/1.1`,
    '  default_backend dockerd',
    'backend dockerd',
    `  server dockerd unix@${socketPath}`,
  ]
  await writeFile(config, `${lines.join('\n')}\n`)
  return begin('HAProxy', port, 'haproxy', ['-db', '-f', config])
}

async function begin(name: string, port: number, file: string, args: readonly string[]): Promise<Front> {
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  for (let tries = 0; !(await isListening(port)); tries++) {
    if (tries === 200 || child.exitCode !== null) throw new Error(`${name} doesn't listen`)
    await delay(50)
  }
  return { name, port, process: child }
}

export async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null) return
  const closed = once(child, 'close')
  child.kill('SIGKILL')
  await closed
}
