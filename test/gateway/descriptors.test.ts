import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createCrl } from '../../lib/pki.ts'
import { fittingLimits, mostConnections } from '../../lib/gateway/arriving/descriptors.ts'
import { checkGatewayOptions, type GatewayLimits } from '../../lib/gateway/options.ts'
import { CLI } from '../cli/support/run-cli.ts'
import { cleanEnvironment } from '../support/command.ts'
import { freePort } from '../support/ports.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { credentials, dial, newClient, newServerTls, readUntil, tickingDaemon, type Client } from './support/fixture.ts'
import { until } from './support/until.ts'

const READ_ONLY = 'version: 1\nrules:\n  - { name: all, who: { any: true }, level: read-only }\n'

const listOf = (number: number, ...revoked: Client[]): string =>
  createCrl(credentials.authority, {
    revoked: revoked.map(({ cert }) => ({ serialNumber: new X509Certificate(cert).serialNumber, at: new Date() })),
    nextUpdate: new Date(Date.now() + 86_400_000),
    number,
  }).pem

interface Limited {
  readonly port: number
  readonly crl: string
  readonly stderr: () => string
  readonly ended: Promise<unknown>
}

/** A gateway whose process can have so many descriptors. */
async function limited(t: TestContext, descriptors: number): Promise<Limited> {
  const folder = await temporaryFolder(t)
  const { ca, cert, key } = await newServerTls()
  const files = {
    'ca.pem': ca,
    'server-cert.pem': cert,
    'server-key.pem': key,
    'crl.pem': listOf(1),
    policy: READ_ONLY,
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const { socketPath } = await tickingDaemon(t)
  const port = await freePort()
  const words = ['--policy', join(folder, 'policy'), '--from', folder, '--crl', join(folder, 'crl.pem')]
  const where = ['--listen', `127.0.0.1:${port}`, '--host', `unix://${socketPath}`]
  const script = `ulimit -n ${descriptors} && exec "$@"`
  const child = spawn('sh', ['-c', script, 'sh', ...CLI, 'gateway', 'run', ...words, ...where], {
    env: cleanEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  t.after(() => void child.kill('SIGKILL'))
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return { port, crl: join(folder, 'crl.pem'), stderr: () => stderr, ended: once(child, 'close') }
}

async function answer(t: TestContext, port: number, client?: Client): Promise<string> {
  const socket = await dial(t, port, { client }).catch(() => undefined)
  socket?.write('GET /containers/json HTTP/1.1\r\nHost: x\r\n\r\n')
  const text = socket ? await readUntil(socket, '\r\n\r\n') : ''
  socket?.destroy()
  return text.slice(9, 12)
}

function limitsFor(limits: GatewayLimits): GatewayLimits {
  return checkGatewayOptions({
    listen: { socket: '/x', as: 'x' },
    daemon: { socketPath: '/x' },
    authorize: () => ({ allow: true }),
    limits,
  })
}

describe('the descriptors of a gateway', () => {
  test('one client that opens all it can keeps neither another client nor a revocation list out', async (t) => {
    const { port, crl, stderr } = await limited(t, 1_024)
    await until(() => stderr().includes('It listens on'), 'it listens')
    const bob = await newClient('bob')
    const opened: string[] = []
    const open = async (): Promise<void> => {
      const socket = await dial(t, port, { client: bob }).catch(() => undefined)
      socket?.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n')
      if (socket) opened.push((await readUntil(socket, /tick|\}/)).slice(9, 12))
    }
    for (let round = 0; round < 12; round++) await Promise.all(Array.from({ length: 50 }, open))
    assert.equal(opened.filter((status) => status === '200').length, 168, stderr())
    assert.equal(await answer(t, port), '200', stderr())
    await writeFile(crl, listOf(2, bob))
    for (let round = 0; round < 100 && (await answer(t, port, bob)) !== '403'; round++) await delay(100)
    assert.equal(await answer(t, port, bob), '403', stderr())
    assert.equal(await answer(t, port), '200', stderr())
  })

  test('a process that can have too few of them is told which limit to raise', async (t) => {
    const { ended, stderr } = await limited(t, 200)
    await ended
    assert.match(stderr(), /^ERR_GATEWAY_LISTEN: .* only 200 files and connections open, and a gateway needs 256/m)
    assert.match(stderr(), /LimitNOFILE=/)
  })

  test('leave its usual limits, if there are enough', () => {
    const usual = checkGatewayOptions({
      listen: { socket: '/x', as: 'x' },
      daemon: { socketPath: '/x' },
      authorize: () => ({ allow: true }),
    })
    const rows: [descriptors: number, connections: number, streams: number, requests: number][] = [
      [Infinity, 1_024, 512, 128],
      [524_288, 1_024, 512, 128],
      [4_224, 1_024, 512, 128],
      [4_096, 992, 512, 128],
      [1_024, 224, 168, 56],
      [256, 32, 24, 8],
    ]
    for (const [descriptors, connections, streams, requests] of rows)
      assert.deepEqual(fittingLimits(usual, mostConnections(descriptors)), { ...usual, connections, streams, requests })
    assert.throws(() => mostConnections(255), { code: 'ERR_GATEWAY_LISTEN' })
  })

  test('limits that somebody chose are as chosen, or refused if there are too few', () => {
    const most = mostConnections()
    for (const name of ['requests', 'streams', 'connections'] as const) {
      assert.equal(limitsFor({ [name]: most })[name], most)
      assert.throws(
        () => limitsFor({ [name]: most + 1 }),
        (error: Error) => error.message.includes(`limits.${name}`) && error.message.includes('LimitNOFILE='),
      )
    }
  })
})
