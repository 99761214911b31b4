import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { InitReport } from '../../lib/keystore/init/init.ts'
import { onInterrupt } from '../../scripts/interrupt.ts'
import { freePort } from '../../test/support/ports.ts'
import { connectOurs } from './client.ts'
import { makeKeys } from './keys.ts'
import type { Progress } from './progress.ts'
import { showRefusals } from './refusals.ts'

const VERSION = {
  Version: '0 (a stand-in)',
  ApiVersion: '1.45',
  MinAPIVersion: '1.40',
  Os: process.platform,
  Arch: process.arch,
}

/**
 * Shows the same connections with a small TLS endpoint, for machines that can't run a Docker Engine.
 *
 * @param reason - why the machine can't run one
 */
export async function demonstrateStandIn(progress: Progress, reason: string): Promise<void> {
  progress.warn('This is not Docker: the demo now connects to a small TLS endpoint of its own.')
  progress.warn(`As root on Linux it uses a real Docker Engine. It can't here, because ${reason}`)
  progress.end('')
  const folder = await mkdtemp(join(tmpdir(), 'docker-mtls-demo-'))
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  const forget = onInterrupt(remove)
  try {
    await demonstrateIn(progress, folder)
  } finally {
    await remove()
    forget()
  }
}

async function demonstrateIn(progress: Progress, folder: string): Promise<void> {
  const port = await freePort()
  const report = await makeKeys(progress, folder, port)
  const server = await progress.step('Started the stand-in for a daemon', () => listen(report, port))
  try {
    const docker = await connectOurs(progress, report)
    await docker.close()
    await showRefusals(progress, report, 'the stand-in')
  } finally {
    await progress.step('Stopped the stand-in and removed the files', async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    })
  }
  progress.warn('This was not Docker: no daemon was configured, and no container ran.')
}

async function listen({ server: { paths } }: InitReport, port: number): Promise<Server> {
  const [ca, cert, key] = await Promise.all([paths.ca, paths.cert, paths.key].map((path) => readFile(path)))
  if (ca === undefined || cert === undefined || key === undefined) throw new Error('init created no server')
  const server = createServer(
    { ca, cert, key, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' },
    answer,
  )
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** Answers `/_ping`, and all other requests like `/version`: all that a client needs to connect. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const isPing = request.url === '/_ping'
  response.writeHead(200, {
    'Api-Version': VERSION.ApiVersion,
    Ostype: process.platform,
    'Content-Type': isPing ? 'text/plain; charset=utf-8' : 'application/json',
  })
  response.end(isPing ? 'OK' : JSON.stringify(VERSION))
}
