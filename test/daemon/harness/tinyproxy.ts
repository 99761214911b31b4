import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { inNamespaces } from '../../../scripts/namespaces.ts'
import { cleanEnvironment } from '../../support/command.ts'
import { freePort, isListening } from '../../support/ports.ts'

export interface TinyproxyOptions {
  /** It opens tunnels to this port alone. */
  readonly connectPort: number
  /** Whom it serves; everybody without. */
  readonly user?: { readonly name: string; readonly password: string }
}

/** A real HTTP proxy that runs on loopback. */
export interface Tinyproxy {
  readonly port: number
  log(): Promise<string>
  /** Ends it. A second call does nothing. */
  stop(): Promise<void>
}

const START_MS = 20_000

export async function startTinyproxy({ connectPort, user }: TinyproxyOptions): Promise<Tinyproxy> {
  if (!inNamespaces()) throw new Error('tinyproxy is started only in namespaces of its own: npm test -- FILE')
  const folder = await mkdtemp(join(tmpdir(), 'tinyproxy-'))
  const port = await freePort()
  const lines = [
    `Port ${port}`,
    'Listen 127.0.0.1',
    'Timeout 60',
    'MaxClients 100',
    `LogFile "${join(folder, 'tinyproxy.log')}"`,
    'LogLevel Connect',
    `ConnectPort ${connectPort}`,
    ...(user ? [`BasicAuth ${user.name} ${user.password}`] : []),
  ]
  await writeFile(join(folder, 'tinyproxy.conf'), `${lines.join('\n')}\n`)
  const args = ['--pdeathsig', 'TERM', 'tinyproxy', '-d', '-c', join(folder, 'tinyproxy.conf')]
  const child = spawn('setpriv', args, { stdio: ['ignore', 'ignore', 'inherit'], env: cleanEnvironment() })
  const tinyproxy: Tinyproxy = {
    port,
    log: () => readFile(join(folder, 'tinyproxy.log'), 'utf8'),
    stop: async () => {
      await end(child)
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
  await untilListening(child, tinyproxy)
  return tinyproxy
}

async function untilListening(child: ChildProcess, tinyproxy: Tinyproxy): Promise<void> {
  const start = Date.now()
  while (!(await isListening(tinyproxy.port))) {
    if (child.exitCode !== null || Date.now() - start > START_MS) {
      const log = await tinyproxy.log().catch(() => 'no log')
      await tinyproxy.stop()
      throw new Error(`tinyproxy didn't start: ${log}`)
    }
    await delay(25)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}
