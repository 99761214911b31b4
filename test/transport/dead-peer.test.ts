import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { connect, type DockerClient } from '../../lib/index.ts'
import { KEEP_ALIVE_MS } from '../../lib/transport/tls-policy.ts'
import { runCommand } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { makeCredentials } from './support/credentials.ts'

/** So that the kernel gives up soon once it has begun to ask (tcp(7)); of this network namespace alone. */
const PROBES = { tcp_keepalive_intvl: '1', tcp_keepalive_probes: '3' }
const settingOf = (name: string): string => `/proc/sys/net/ipv4/${name}`
const UPGRADED =
  'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n'

async function iptables(...args: string[]): Promise<void> {
  const { code, stderr } = await runCommand('iptables', args)
  assert.equal(code, 0, stderr)
}

describe('a peer that vanishes without a word', { skip: lacks('namespaces', 'iptables') }, () => {
  let server: Server
  let docker: DockerClient
  let rules: string[][]
  const sockets: Socket[] = []
  const former: [path: string, value: string][] = []
  before(async () => {
    for (const [name, value] of Object.entries(PROBES)) {
      former.push([settingOf(name), await readFile(settingOf(name), 'utf8')])
      await writeFile(settingOf(name), value)
    }
    const { server: keys, client } = await makeCredentials()
    server = createServer({ ...keys, requestCert: true }, ({ url = '' }, response) => {
      response.setHeader('Api-Version', '1.45')
      if (url === '/_ping') response.end('OK')
      else response.writeHead(200, { 'Content-Type': 'application/json' }).write('{"Action":"start"}\n')
    })
    server.on('secureConnection', (socket) => sockets.push(socket))
    server.on('upgrade', (_, socket) => socket.on('error', () => {}).write(UPGRADED))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    rules = ['--dport', '--sport'].map((end) => ['INPUT', '-p', 'tcp', end, String(port), '-j', 'DROP'])
    docker = await connect({ host: `tcp://localhost:${port}`, ...client })
  })
  after(async () => {
    for (const rule of rules ?? []) await runCommand('iptables', ['-D', ...rule])
    for (const [path, value] of former) await writeFile(path, value)
    await docker.close()
    // Neither side has heard of the other's end.
    for (const socket of sockets) socket.destroy()
    server.close()
  })

  test('is noticed by TCP: on a stream, and on a connection that was taken over', { timeout: 120_000 }, async () => {
    const events = (await docker.system.events())[Symbol.asyncIterator]()
    assert.equal((await events.next()).value?.Action, 'start')
    const attached = await docker.containers.attach('web')
    for (const rule of rules) await iptables('-I', ...rule)
    const began = performance.now()
    const vanished = { code: 'ERR_CONNECTION_CLOSED', message: /^(GET|POST) \/\S+ at tcp:.*no longer answers/ }
    await Promise.all([events.next(), attached.text()].map((reading) => assert.rejects(reading, vanished)))
    const took = performance.now() - began
    assert.ok(took > KEEP_ALIVE_MS / 2 && took < 2 * KEEP_ALIVE_MS, `${took} ms`)
  })
})
