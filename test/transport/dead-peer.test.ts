import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
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

const CONNECT_MS = 3_000

/** A source without end. */
async function* endless(): AsyncGenerator<Buffer> {
  for (;;) {
    await delay(5)
    yield Buffer.alloc(16 * 1024)
  }
}

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
    server = createServer({ ...keys, requestCert: true }, (request, response) => {
      const { url = '' } = request
      response.setHeader('Api-Version', '1.45')
      if (url === '/_ping') response.end('OK')
      else if (/archive|load/.test(url)) request.resume()
      else response.writeHead(200, { 'Content-Type': 'application/json' }).write('{"Action":"start"}\n')
    })
    server.on('secureConnection', (socket) => sockets.push(socket))
    server.on('upgrade', (_, socket) => socket.on('error', () => {}).write(UPGRADED))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    rules = ['--dport', '--sport'].map((end) => ['INPUT', '-p', 'tcp', end, String(port), '-j', 'DROP'])
    docker = await connect({ host: `tcp://localhost:${port}`, ...client, connectTimeout: CONNECT_MS })
  })
  after(async () => {
    for (const rule of rules ?? []) await runCommand('iptables', ['-D', ...rule])
    for (const [path, value] of former) await writeFile(path, value)
    await docker.close()
    // Neither side has heard of the other's end.
    for (const socket of sockets) socket.destroy()
    server.close()
  })

  test('is noticed, whatever the connection does', { timeout: 120_000 }, async () => {
    const events = (await docker.system.events())[Symbol.asyncIterator]()
    assert.equal((await events.next()).value?.Action, 'start')
    const [attached, written] = [await docker.containers.attach('web'), await docker.exec.start('e1')]
    const reading: Readonly<Record<string, Promise<unknown>>> = {
      events: events.next(),
      attached: attached.text(),
      'an exec with unacknowledged input': written.text(),
      'an upload': docker.containers.archive.put('web', '/', endless()),
      'an image that is loaded': Promise.resolve(docker.images.load(endless())),
    }
    const began = performance.now()
    const ends = Object.entries(reading).map(async ([name, end]) => {
      const vanished = { code: 'ERR_CONNECTION_CLOSED', message: /^(GET|POST|PUT) \/\S+ at tcp:.*no longer answers/ }
      await assert.rejects(end, vanished, name)
      return [name, performance.now() - began] as const
    })
    await delay(500)
    for (const rule of rules) await iptables('-I', ...rule)
    written.stdin.write('x')
    for (const [name, took] of await Promise.all(ends)) {
      assert.ok(took > KEEP_ALIVE_MS / 2 && took < 1.5 * KEEP_ALIVE_MS + CONNECT_MS, `${name}: ${took} ms`)
    }
  })
})
