import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { before, describe, test, type TestContext } from 'node:test'
import { createDispatcher, loadIdentity, parseHost, type DockerDispatcher } from '../../lib/index.ts'
import { startPeer } from '../support/tls-servers.ts'
import { makeCredentials, type Credentials } from './support/credentials.ts'

const TIMEOUT_MS = 1_500
const PINGS = 64

/** Listens, and is then too busy to accept a connection: the kernel drops what does not fit its backlog. */
const BLACK_HOLE = `
  const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, String(server.address().port))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })`

async function startBlackHole(t: TestContext): Promise<number> {
  const child = spawn(process.execPath, ['-e', BLACK_HOLE], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const [port] = (await once(child.stdout, 'data')) as [Buffer]
  return Number(port)
}

/** The codes of all calls, and when the last ended. */
async function pingMany(dispatcher: DockerDispatcher): Promise<Record<string, number>> {
  const began = performance.now()
  const codes: Record<string, number> = {}
  const calls = Array.from({ length: PINGS }, async () => {
    const error = await dispatcher.request({ path: '/_ping', method: 'GET' }).catch((reason: unknown) => reason)
    const { code } = error as { code: string }
    codes[code] = (codes[code] ?? 0) + 1
    const took = performance.now() - began
    assert.ok(took > TIMEOUT_MS - 100 && took < TIMEOUT_MS + 500, `${took} ms`)
  })
  await Promise.all(calls)
  // Nothing goes on behind the back of the caller.
  await dispatcher.close()
  assert.ok(performance.now() - began < TIMEOUT_MS + 700, 'attempts go on')
  return codes
}

describe('connectTimeout limits a call, not an attempt', () => {
  let credentials: Credentials
  before(async () => {
    credentials = await makeCredentials()
  })

  async function dispatcherFor(t: TestContext, port: number): Promise<DockerDispatcher> {
    const identity = await loadIdentity(credentials.client)
    const dispatcher = createDispatcher(parseHost(`tcp://localhost:${port}`), identity, { connectTimeout: TIMEOUT_MS })
    t.after(() => dispatcher.destroy())
    return dispatcher
  }

  test('with a port that drops everything', { timeout: 12_000 }, async (t) => {
    const codes = await pingMany(await dispatcherFor(t, await startBlackHole(t)))
    // The backlog has room for some connections.
    assert.ok((codes['ERR_CONNECT_TIMEOUT'] ?? 0) > 8, JSON.stringify(codes))
    const both = (codes['ERR_CONNECT_TIMEOUT'] ?? 0) + (codes['ERR_HANDSHAKE_TIMEOUT'] ?? 0)
    assert.equal(both, PINGS, JSON.stringify(codes))
  })

  test('with a port that is silent', { timeout: 12_000 }, async (t) => {
    const peer = await startPeer('silent before TLS', credentials.server)
    t.after(() => peer.close())
    assert.deepEqual(await pingMany(await dispatcherFor(t, peer.port)), { ERR_HANDSHAKE_TIMEOUT: PINGS })
    assert.equal(peer.count(), 16)
  })
})
