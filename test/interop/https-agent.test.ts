import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import { createServer as createTlsServer, get, request, type Agent, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { after, before, describe, test, type TestContext } from 'node:test'
import { inspect } from 'node:util'
import { Agent as UndiciAgent } from 'undici'
import {
  connect,
  createDispatcher,
  loadIdentity,
  parseHost,
  type DockerClient,
  type Identity,
} from '../../lib/index.ts'
import { toHttpsAgent, type ConnectionSource } from '../../lib/interop.ts'
import { leaksOf, tracesOf } from '../support/leaks.ts'
import { RecordingServer } from '../support/recording-server.ts'
import { startPeer } from '../support/tls-servers.ts'
import { makeCredentials, type Credentials } from '../transport/support/credentials.ts'
import { ask, soon } from './support/asking.ts'

describe('an agent of node:https', () => {
  let credentials: Credentials
  let identity: Identity
  let server: Server
  let docker: DockerClient
  let agent: Agent
  /** Each connection that a request came by, and what was asked. */
  const sockets = new Set<unknown>()
  const asked: string[] = []

  before(async () => {
    credentials = await makeCredentials()
    identity = await loadIdentity(credentials.client)
    const { ca, cert, key } = credentials.server
    server = createTlsServer({ ca, cert, key, requestCert: true }, (incoming, response) => {
      sockets.add(incoming.socket)
      asked.push(`${incoming.method} ${incoming.url}`)
      response.setHeader('api-version', '1.45')
      if (incoming.url?.startsWith('/moved') === true) {
        response.writeHead(302, { location: `http://127.0.0.1:${port()}/` }).end('elsewhere')
      } else if (incoming.url === '/echo') incoming.pipe(response)
      else if (incoming.url !== '/silent') response.end('OK')
    }).listen(0, '127.0.0.1')
    // Reads to the end of the input, as `cat | wc -c` does, and answers then.
    server.on('upgrade', (_, socket: Duplex) => {
      socket.allowHalfOpen = true
      socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n')
      let bytes = 0
      socket.on('data', (chunk: Buffer) => (bytes += chunk.length)).once('end', () => socket.end(`${bytes} bytes`))
    })
    await once(server, 'listening')
    docker = await connect({ host: `localhost:${port()}`, ...credentials.client })
    agent = toHttpsAgent(docker)
  })
  after(async () => {
    await docker.close()
    server.closeAllConnections()
    server.close()
  })
  const port = (): number => (server.address() as AddressInfo).port
  const url = (path = '/_ping'): string => `https://localhost:${port()}${path}`

  /** An agent to a server of its own; all ends with the test. */
  function agentTo(t: TestContext, host: string, who = identity): Agent {
    const dispatcher = createDispatcher(parseHost(host), who, { connectTimeout: 1_000 })
    t.after(() => dispatcher.destroy())
    return toHttpsAgent(dispatcher)
  }

  test('asks by our connection, and keeps it for the next request', async () => {
    sockets.clear()
    assert.equal(await ask(agent, url()), '200 OK')
    assert.equal(docker.dispatcher.peer?.client.commonName, 'alice')
    assert.equal(await ask(agent, url()), '200 OK')
    assert.equal(sockets.size, 1)
  })

  test('a second connection resumes the session of the first', async () => {
    await Promise.all(Array.from({ length: 8 }, () => ask(agent, url())))
    assert.equal(docker.dispatcher.peer?.resumed, true)
  })

  test('sends a body', async () => {
    const sent = request(url('/echo'), { method: 'POST', agent })
    sent.end('there and back')
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    assert.equal(await text(answer), 'there and back')
  })

  test('a hijacked connection half-closes, and the output still comes', async () => {
    const sent = request(url('/exec'), { method: 'POST', agent, headers: { connection: 'Upgrade', upgrade: 'tcp' } })
    sent.end()
    const [, socket] = (await once(sent, 'upgrade')) as [IncomingMessage, Duplex]
    socket.end('x'.repeat(1_000_000))
    assert.equal(await soon(text(socket)), '1000000 bytes')
  })

  test('goes nowhere else, and not a byte leaves', async (t) => {
    const elsewhere = await RecordingServer.start()
    t.after(() => elsewhere.close())
    const path = '/_ping'
    const rows: [what: string, url: string, options: RequestOptions & Record<string, unknown>][] = [
      ['another host', `https://127.0.0.1:${port()}${path}`, {}],
      ['another port', `https://localhost:${elsewhere.port}${path}`, {}],
      ['the usual port', `https://localhost${path}`, {}],
      ['a socket', url(), { socketPath: '/var/run/docker.sock' }],
      ['an absolute URL', url(), { path: 'http://evil.example/' }],
      ['another authority', url(), { path: '//evil.example/' }],
      ['CONNECT', url(), { path: 'evil.example:443', method: 'CONNECT' }],
      ['another host for a gateway', url(), { headers: { Host: 'evil.example' } }],
      ['the same, in a list', url(), { headers: ['Host', 'evil.example'] as never }],
      ['host and port of the options', url(), { hostname: '127.0.0.1', port: elsewhere.port }],
    ]
    asked.length = 0
    for (const [what, where, options] of rows) {
      await assert.rejects(soon(ask(agent, where, options)), { code: 'ERR_WRONG_ORIGIN' }, what)
    }
    const listed = ['Host', `localhost:${port()}`, 'x-list', 'yes']
    assert.equal(await ask(agent, url(), { headers: listed as never }), '200 OK')
    assert.deepEqual(asked, ['GET /_ping'])
    assert.deepEqual((await elsewhere.settled()).connections, [])
  })

  test('a request of its own mind about where to connect is not asked', async (t) => {
    const elsewhere = await RecordingServer.start()
    t.after(() => elsewhere.close())
    const rows: Record<string, unknown>[] = [
      { createConnection: () => assert.fail('it was called') },
      { lookup: () => assert.fail('it was called') },
      { localAddress: '192.0.2.1' },
      { family: 6 },
    ]
    for (const options of rows) assert.equal(await ask(agent, url(), options), '200 OK', Object.keys(options)[0])
    assert.deepEqual((await elsewhere.settled()).connections, [])
  })

  test('keeps to the prefix of a gateway', async (t) => {
    const gate = agentTo(t, `https://localhost:${port()}/gate`)
    assert.equal(await ask(gate, url('/gate/_ping')), '200 OK')
    for (const path of [
      '/_ping',
      '/gateX/_ping',
      '/gate/%2e%2e/_ping',
      '/gate/..%2f_ping',
      '/gate/x%5c..%5c..%5c_ping',
    ]) {
      await assert.rejects(ask(gate, url(), { path }), { code: 'ERR_WRONG_ORIGIN' }, path)
    }
  })

  test('an answer that redirects is an error, and says nobody where to', async () => {
    for (const path of ['/moved', '/moved?stream']) {
      const sent = get(url(path), { agent })
      const seen: unknown[] = []
      sent.once('response', (answer) => {
        seen.push(answer.headers.location)
        answer.once('error', (error: Error) => seen.push((error as NodeJS.ErrnoException).code))
      })
      await assert.rejects(soon(once(sent, 'close')), { code: 'ERR_REDIRECT_REFUSED' })
      assert.deepEqual(seen.slice(0, 1), [undefined])
    }
  })

  test('an answer that nobody listens for frees its connection', async (t) => {
    const mine = agentTo(t, `localhost:${port()}`)
    const freed = once(mine, 'free')
    get(url(), { agent: mine })
    await soon(freed)
  })

  test('a request that is aborted ends with its own reason', async () => {
    const sent = get(url('/silent'), { agent, signal: AbortSignal.timeout(50) })
    await assert.rejects(soon(once(sent, 'response')), { name: 'AbortError' })
  })

  describe('nothing makes it weaker', () => {
    const WEAKER: [what: string, options: Record<string, unknown>][] = [
      ['nothing', {}],
      ['rejectUnauthorized', { rejectUnauthorized: false }],
      ['checkServerIdentity', { checkServerIdentity: () => undefined }],
      ['servername', { servername: 'elsewhere.example' }],
      ['minVersion', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }],
      ['ciphers', { ciphers: 'ALL@SECLEVEL=0' }],
    ]
    before(() => (process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'))
    after(() => delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'])

    for (const [what, options] of WEAKER) {
      test(what, async (t) => {
        const foreign = await makeCredentials()
        const stranger = await startPeer('answers every ping', foreign.server)
        const oldest = await startPeer('TLS 1.1 only', credentials.server)
        t.after(() => Promise.all([stranger.close(), oldest.close()]))
        const ca = { ca: foreign.client.ca }
        for (const [host, code] of [
          [`localhost:${stranger.port}`, 'ERR_SERVER_CERT_UNTRUSTED'],
          [`localhost:${oldest.port}`, 'ERR_SERVER_TLS_TOO_OLD'],
        ] as const) {
          const refused = ask(agentTo(t, host), `https://${host}/_ping`, { ...ca, ...options })
          await assert.rejects(refused, { code }, host)
        }
        assert.equal(await ask(agent, url(), { ...ca, ...options }), '200 OK')
      })
    }

    test('the name of the server', async (t) => {
      const { client, server: other } = await makeCredentials()
      const peer = await startPeer('answers every ping', other, { host: '127.0.0.2' })
      t.after(() => peer.close())
      const mine = agentTo(t, `127.0.0.2:${peer.port}`, await loadIdentity(client))
      const options = { rejectUnauthorized: false, servername: 'localhost', checkServerIdentity: () => undefined }
      const refused = ask(mine, `https://127.0.0.2:${peer.port}/_ping`, options)
      await assert.rejects(refused, { code: 'ERR_SERVER_NAME_MISMATCH' })
    })
  })

  test('goes nowhere else if the request is changed after it was created', async () => {
    const changes: [what: string, change: (sent: ClientRequest) => void][] = [
      ['the path', (sent) => (sent.path = '/../admin')],
      ['an absolute URL', (sent) => (sent.path = 'http://evil.example/')],
      ['CONNECT', (sent) => (sent.method = 'CONNECT')],
      ['the Host header', (sent) => void sent.setHeader('Host', 'evil.example')],
      ['another Host header', (sent) => void sent.appendHeader('host', 'evil.example')],
    ]
    asked.length = 0
    for (const [what, change] of changes) {
      for (const isConnected of [false, true]) {
        const sent = request(url(), { method: 'POST', agent })
        if (isConnected) await once(sent, 'socket')
        change(sent)
        const refused = once(sent, 'response')
        sent.end('body')
        await assert.rejects(soon(refused), { code: 'ERR_WRONG_ORIGIN' }, what)
      }
    }
    assert.deepEqual(asked, [])
    assert.equal(await ask(agent, url()), '200 OK', 'the agent still works')
  })

  test('what fails on the way is told in our words', async (t) => {
    const foreign = await loadIdentity((await makeCredentials()).client)
    for (const [kind, code] of [
      ['plaintext HTTP', 'ERR_SERVER_PLAINTEXT'],
      ['silent before TLS', 'ERR_HANDSHAKE_TIMEOUT'],
      ['closes in the handshake', 'ERR_CONNECTION_RESET'],
    ] as const) {
      const peer = await startPeer(kind, credentials.server)
      t.after(() => peer.close())
      const mine = agentTo(t, `localhost:${peer.port}`)
      await assert.rejects(ask(mine, `https://localhost:${peer.port}/`), { code }, kind)
    }
    const unknown = agentTo(t, `localhost:${port()}`, foreign)
    await assert.rejects(ask(unknown, url()), { code: 'ERR_SERVER_CERT_UNTRUSTED' })
  })

  test('its connections end with the client, the idle one too', async () => {
    const mine = await connect({ host: `localhost:${port()}`, ...credentials.client })
    const own = toHttpsAgent(mine)
    await ask(own, url())
    const running = ask(own, url('/silent'))
    const failed = assert.rejects(soon(running), { code: 'ERR_CLIENT_CLOSED' })
    await ask(own, url())
    const idle = Object.values(own.freeSockets).flat()[0]
    assert.equal(idle?.destroyed, false)
    await mine.close()
    await failed
    assert.equal(idle.destroyed, true)
    await assert.rejects(ask(own, url()), { code: 'ERR_CLIENT_CLOSED' })
  })

  test('is made of a client, a dispatcher, or an endpoint and identity', async (t) => {
    const endpoint = parseHost(`localhost:${port()}`)
    for (const source of [docker, docker.dispatcher, { endpoint, identity, options: { connectTimeout: 5_000 } }]) {
      const mine = toHttpsAgent(source)
      t.after(() => mine.destroy())
      assert.equal(await ask(mine, url()), '200 OK')
    }
  })

  test('and of nothing else', () => {
    const endpoint = parseHost(`localhost:${port()}`)
    const rows: [source: unknown, code: string][] = [
      [undefined, 'ERR_ARGUMENT_INVALID'],
      ['tcp://localhost:2376', 'ERR_ARGUMENT_INVALID'],
      [Promise.resolve(docker), 'ERR_ARGUMENT_INVALID'],
      [{ dispatcher: new UndiciAgent() }, 'ERR_ARGUMENT_INVALID'],
      [new UndiciAgent(), 'ERR_ARGUMENT_INVALID'],
      [{}, 'ERR_ARGUMENT_INVALID'],
      [{ endpoint, identity: credentials.client }, 'ERR_ARGUMENT_INVALID'],
      [{ endpoint }, 'ERR_CLIENT_CERT_REQUIRED'],
      [{ endpoint, identity, rejectUnauthorized: false }, 'ERR_ARGUMENT_INVALID'],
      [{ endpoint, identity, options: { rejectUnauthorized: false } }, 'ERR_OPTION_UNKNOWN'],
      [{ endpoint: parseHost('unix:///var/run/docker.sock') }, 'ERR_ARGUMENT_INVALID'],
    ]
    for (const [source, code] of rows) {
      assert.throws(() => toHttpsAgent(source as ConnectionSource), { code }, inspect(source, { depth: 0 }))
    }
    assert.throws(() => toHttpsAgent(null as never), { code: 'ERR_ARGUMENT_INVALID', message: /it is null/ })
  })

  test('is shown in one line, and holds no key that could be shown', async () => {
    await ask(agent, url())
    assert.deepEqual(leaksOf([agent, agent.freeSockets], tracesOf({ key: credentials.client.key })), [])
    assert.equal(
      inspect(agent, { showHidden: true, depth: Infinity }),
      `Agent of docker-mtls to tcp://localhost:${port()}`,
    )
  })

  test('a request sees a verified TLS socket', async () => {
    const sent: ClientRequest = get(url(), { agent })
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    assert.equal((answer.socket as unknown as { authorized: boolean }).authorized, true)
    await text(answer)
  })
})
