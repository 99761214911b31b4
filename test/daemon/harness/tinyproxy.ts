import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../support/ports.ts'
import { startService, type Service } from './service.ts'

export interface TinyproxyOptions {
  /** It opens tunnels to this port alone. */
  readonly connectPort: number
  /** Whom it serves; everybody without. */
  readonly user?: { readonly name: string; readonly password: string }
}

/** A real HTTP proxy that runs on loopback. */
export interface Tinyproxy extends Service {
  readonly port: number
}

export async function startTinyproxy({ connectPort, user }: TinyproxyOptions): Promise<Tinyproxy> {
  const folder = await mkdtemp(join(tmpdir(), 'tinyproxy-'))
  const port = await freePort()
  const lines = [
    `Port ${port}`,
    'Listen 127.0.0.1',
    'Timeout 60',
    'MaxClients 100',
    'LogLevel Connect',
    `ConnectPort ${connectPort}`,
    ...(user ? [`BasicAuth ${user.name} ${user.password}`] : []),
  ]
  const config = join(folder, 'tinyproxy.conf')
  await writeFile(config, `${lines.join('\n')}\n`)
  return { port, ...(await startService({ program: 'tinyproxy', args: ['-d', '-c', config], folder, port })) }
}
