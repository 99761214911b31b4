import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeCredentials, writeClient } from '../transport/support/credentials.ts'
import { runCommand } from '../support/command.ts'
import { TYPESCRIPT } from '../support/programs.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { startBusyDaemon } from './support/busy-daemon.ts'

/** Milliseconds; `now` is the same turn. Soon after, the calls are connecting; later, they wait or are in their bodies. */
const WAITS = ['now', '15', '400'] as const
const PROGRAM = fileURLToPath(new URL('support/busy-client.ts', import.meta.url))

interface Report {
  /** What nobody caught. */
  readonly uncaught: readonly string[]
  /** The calls that ran when the client was closed. */
  readonly pending: readonly string[]
  readonly outcomes: Readonly<Record<string, string>>
}

/** A peer that accepts connections, and never says a word. */
async function startSilentPeer(t: TestContext, path?: string): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => void sockets.add(socket.on('error', () => {})))
  if (path === undefined) server.listen(0, '127.0.0.1')
  else server.listen(path)
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return path === undefined ? `tcp://localhost:${(server.address() as AddressInfo).port}` : `unix://${path}`
}

interface Way {
  readonly over: 'TLS' | 'a local socket'
  readonly how: 'destroy' | 'drain'
  readonly wait: string
}

async function closeWhileBusy(t: TestContext, { over, how, wait }: Way): Promise<Report> {
  const folder = await temporaryFolder(t)
  const context = join(folder, 'context')
  await mkdir(context)
  await writeFile(join(context, 'Dockerfile'), 'FROM scratch\nCOPY . /\n')
  await writeFile(join(context, 'large'), Buffer.alloc(8 * 1024 * 1024))
  const credentials = await makeCredentials()
  await writeClient(folder, credentials.client)
  const isLocal = over === 'a local socket'
  const daemon = await startBusyDaemon(isLocal ? { path: join(folder, 'd.sock') } : { tls: credentials.server })
  t.after(() => daemon.close())
  const silent = await startSilentPeer(t, isLocal ? join(folder, 's.sock') : undefined)
  const args = [...TYPESCRIPT, PROGRAM, daemon.host, silent, folder, context, how, wait]
  const { code, stdout, stderr } = await runCommand(process.execPath, args)
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as Report
}

describe('a client that is closed while calls run leaves nothing uncaught', () => {
  const ways = (['TLS', 'a local socket'] as const).flatMap((over) =>
    (['destroy', 'drain'] as const).flatMap((how) => WAITS.map((wait) => ({ over, how, wait }))),
  )
  for (const way of ways) {
    test(`over ${way.over}, by ${way.how}, ${way.wait} ms after the calls`, async (t) => {
      const { uncaught, pending, outcomes } = await closeWhileBusy(t, way)
      assert.deepEqual(uncaught, [])
      assert.deepEqual(
        Object.entries(outcomes).filter(([, outcome]) => outcome === 'pending'),
        [],
      )
      assert.ok(pending.length > 20, 'too few calls were running')
    })
  }
})
