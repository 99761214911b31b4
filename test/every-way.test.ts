import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpServer, request, type IncomingMessage, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { after, before, describe, test, type TestContext } from 'node:test'
import type { Dispatcher } from 'undici'
import { createDispatcher, loadIdentity, parseHost, type DockerDispatcher } from '../lib/index.ts'
import { bridge, toHttpsAgent, toNodeSdkAgent } from '../lib/interop.ts'
import { issueServer } from '../lib/pki.ts'
import { collect, hijack, open } from '../lib/transport/send.ts'
import { openWebSocket } from '../lib/transport/web-socket.ts'
import { ask, soon } from './interop/support/asking.ts'
import { temporaryFolder } from './support/temporary.ts'
import { makeCredentials, type Credentials } from './transport/support/credentials.ts'
import { startFakeProxy, tunnels, type FakeProxy } from './transport/support/proxies.ts'

type Way = (dispatcher: DockerDispatcher, t: TestContext) => Promise<unknown>

/** Each asks a daemon for something, and rejects where it can't. */
const WAYS: Readonly<Record<string, Way>> = {
  'a call that answers at once': (dispatcher) => collect(dispatcher, { method: 'GET', path: '/_ping' }),
  'a stream': async (dispatcher) => text((await open(dispatcher, { method: 'GET', path: '/events' })).body),
  'a hijacked connection': (dispatcher) => takenOver(hijack(dispatcher, { method: 'POST', path: '/exec' }, 'tcp')),
  "a build's session": (dispatcher) => takenOver(hijack(dispatcher, { method: 'POST', path: '/session' }, 'h2c')),
  'a web socket': async (dispatcher) => {
    const answer = await openWebSocket(dispatcher, { method: 'GET', path: '/attach/ws' })
    assert.ok('destroy' in answer, 'it was refused')
    answer.destroy()
  },
  "a connection of one's own": async (dispatcher) => {
    const socket = await dispatcher.open()
    socket.write('GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n')
    await once(socket, 'data')
    socket.destroy()
  },
  fetch: async (dispatcher) => {
    const answer = fetch(`${dispatcher.origin}/_ping`, { dispatcher } as object)
    await (await answer.catch(({ cause }: Error) => Promise.reject(cause as Error))).text()
  },
  'node:https': (dispatcher) =>
    ask(toHttpsAgent(dispatcher), `${dispatcher.origin}/_ping`, { rejectUnauthorized: false }),
  '@docker/node-sdk': async (dispatcher) => {
    const agent = toNodeSdkAgent(dispatcher) as unknown as Dispatcher
    const { body } = await agent.request({ origin: 'http://localhost:2375', path: '/_ping', method: 'GET' })
    await body.dump()
  },
  'a bridge': async (dispatcher, t) => {
    const failures: unknown[] = []
    const path = join(await temporaryFolder(t), 'docker.sock')
    const made = await bridge(dispatcher, path, { onFailure: (error) => failures.push(error) })
    t.after(() => made.close())
    const sent = request({ socketPath: path, path: '/_ping', agent: false }).end()
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    answer.resume()
    if (answer.statusCode !== 200) throw failures[0]
  },
}

async function takenOver(hijacking: ReturnType<typeof hijack>): Promise<void> {
  const answer = await hijacking
  assert.ok('socket' in answer, 'it was refused')
  answer.socket.destroy()
}

/** Answers whatever is asked, whoever asks: a client that verified nothing would be content. */
function answering(server: Server, asked: string[]): Server {
  const note = ({ method, url }: IncomingMessage): void => void asked.push(`${method} ${url}`)
  server.on('request', (incoming: IncomingMessage, response) => {
    note(incoming)
    response.end('OK')
  })
  return server.on('upgrade', ({ headers, ...incoming }: IncomingMessage, socket: Duplex) => {
    note(incoming as IncomingMessage)
    const accept = createHash('sha1').update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    const head = `HTTP/1.1 101 OK\r\nConnection: Upgrade\r\nUpgrade: ${headers.upgrade}`
    socket.on('error', () => {}).write(`${head}\r\nSec-WebSocket-Accept: ${accept.digest('base64')}\r\n\r\n`)
  })
}

/** Who answers, and what all that lead to a daemon make of it. */
const IMPOSTORS = {
  'of a foreign CA': 'ERR_SERVER_CERT_UNTRUSTED',
  'of another name': 'ERR_SERVER_NAME_MISMATCH',
  'without TLS': 'ERR_SERVER_PLAINTEXT',
} as const

type Who = 'the daemon' | keyof typeof IMPOSTORS

/** A check that is missing on one way is not seen by a test of another, though all of them share it today. */
describe('every way to a daemon verifies it', () => {
  let credentials: Credentials
  let proxy: FakeProxy
  const servers = new Map<Who, { readonly server: Server; readonly host: string }>()
  const asked: string[] = []

  before(async () => {
    credentials = await makeCredentials()
    const foreign = await makeCredentials()
    const { cert, key } = await issueServer(credentials.authority, { names: ['elsewhere.example'] })
    const lenient = { ca: credentials.client.ca, requestCert: true, rejectUnauthorized: false }
    servers
      .set('the daemon', { server: createHttpsServer({ ...credentials.server, requestCert: true }), host: '127.0.0.1' })
      .set('of a foreign CA', { server: createHttpsServer({ ...foreign.server, ...lenient }), host: '127.0.0.1' })
      // Every server's certificate is for localhost and 127.0.0.1, too.
      .set('of another name', { server: createHttpsServer({ cert, key, ...lenient }), host: '127.0.0.2' })
      .set('without TLS', { server: createHttpServer(), host: '127.0.0.1' })
    for (const { server, host } of servers.values()) await once(answering(server, asked).listen(0, host), 'listening')
    proxy = await startFakeProxy(tunnels())
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
  })
  after(async () => {
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    await proxy.close()
    for (const { server } of servers.values()) {
      server.closeAllConnections()
      server.close()
    }
  })

  async function go(way: Way, who: Who, t: TestContext, options: { proxy?: string }): Promise<unknown> {
    const { server, host } = servers.get(who) ?? assert.fail(`there is no server ${who}`)
    const { port } = server.address() as AddressInfo
    const identity = await loadIdentity(credentials.client)
    const dispatcher = createDispatcher(parseHost(`${host}:${port}`), identity, options)
    t.after(() => dispatcher.destroy())
    return soon(way(dispatcher, t))
  }

  for (const [name, way] of Object.entries(WAYS)) {
    for (const through of ['straight', 'through a proxy']) {
      test(`${name}, ${through}`, async (t) => {
        const options = through === 'straight' ? {} : { proxy: `http://127.0.0.1:${proxy.port}` }
        asked.length = 0
        for (const [who, code] of Object.entries(IMPOSTORS)) {
          await assert.rejects(go(way, who as Who, t, options), { code }, who)
        }
        assert.deepEqual(asked, [], 'what nobody but the daemon may read')
        await go(way, 'the daemon', t, options)
        assert.equal(asked.length, 1)
      })
    }
  }
})
