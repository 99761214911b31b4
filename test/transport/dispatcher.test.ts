import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { interceptors, request, type Dispatcher } from 'undici'
import { connect, createDispatcher, loadIdentity, parseHost, type DockerDispatcher } from '../../lib/index.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { startPeer } from '../support/tls-servers.ts'
import { makeCredentials, type Credentials } from './support/credentials.ts'
import { startWatch } from '../support/watch.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** What fetch takes besides the types that Node 20 knows. */
const through = (dispatcher: DockerDispatcher, init: RequestInit = {}): RequestInit =>
  ({ ...init, dispatcher }) as object

const code = (wanted: string) => (error: unknown) => {
  const { cause } = error as { cause?: { code?: string } }
  assert.equal((error as { code?: string }).code ?? cause?.code, wanted)
  return true
}
/** fetch says "fetch failed", and why in its cause. */
const fetchCode = (wanted: string) => (error: unknown) => {
  assert.equal((error as { cause?: { code?: string } }).cause?.code, wanted)
  return true
}

function abortingIn(milliseconds: number, reason: Error): AbortSignal {
  const controller = new AbortController()
  setTimeout(() => controller.abort(reason), milliseconds)
  return controller.signal
}

describe('a dispatcher to a TLS endpoint', () => {
  let credentials: Credentials
  let server: Server
  let dispatcher: DockerDispatcher
  let sockets: Set<unknown>
  const open: ServerResponse[] = []

  const ANSWERS: Record<string, Answer> = {
    '/_ping': (_, response) => response.end('OK'),
    '/events': (_, response) => void open.push(response.writeHead(200).write('{}\n') ? response : response),
    '/moved': (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    '/unchanged': (_, response) => response.writeHead(304).end(),
    '/silent': () => {},
    '/echo': (incoming, response) => incoming.pipe(response),
  }

  before(async () => {
    credentials = await makeCredentials()
    sockets = new Set()
    const { ca, cert, key } = credentials.server
    server = createTlsServer({ ca, cert, key, requestCert: true }, (incoming, response) => {
      sockets.add(incoming.socket)
      const answer = ANSWERS[(incoming.url ?? '').replace(/\?.*/, '').replace(/^\/gate/, '')]
      if (answer) answer(incoming, response)
      else response.writeHead(404).end()
    }).listen(0, '127.0.0.1')
    server.on('upgrade', (_, socket) =>
      socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'),
    )
    await once(server, 'listening')
    dispatcher = createDispatcher(parseHost(`localhost:${port()}`), await loadIdentity(credentials.client))
  })
  after(async () => {
    await dispatcher.destroy()
    server.closeAllConnections()
    server.close()
  })
  const port = (): number => (server.address() as AddressInfo).port

  test("serves undici's request, its own methods and global fetch", async () => {
    const url = `${dispatcher.origin}/_ping`
    assert.equal(await (await request(url, { dispatcher })).body.text(), 'OK')
    assert.equal(await (await dispatcher.request({ path: '/_ping', method: 'GET' })).body.text(), 'OK')
    const answer = await fetch(url, through(dispatcher))
    assert.equal(await answer.text(), 'OK')
    const echo = await fetch(
      `${dispatcher.origin}/echo`,
      through(dispatcher, { method: 'POST', body: 'there and back' }),
    )
    assert.equal(await echo.text(), 'there and back')
  })

  test('refuses every other origin', async () => {
    const origins = [
      'https://other.example/y',
      'http://localhost:2375/y',
      `http://localhost:${port()}/_ping`,
      `https://127.0.0.1:${port()}/_ping`,
      'https://localhost/_ping',
    ]
    for (const url of origins) {
      await assert.rejects(fetch(url, through(dispatcher)), fetchCode('ERR_WRONG_ORIGIN'), url)
      await assert.rejects(request(url, { dispatcher }), code('ERR_WRONG_ORIGIN'), url)
    }
  })

  test('refuses what a gateway would take for another place', async () => {
    const rows: [string, Dispatcher.RequestOptions][] = [
      ['an absolute URL', { path: 'http://evil.example/containers/json', method: 'GET' }],
      ['another authority', { path: '//evil.example/x', method: 'GET' }],
      ['dot segments', { path: '/a/../_ping', method: 'GET' }],
      ['encoded dot segments', { path: '/a/%2e%2E/_ping', method: 'GET' }],
      ['another host, as an object', { path: '/_ping', method: 'GET', headers: { Host: 'evil.example' } }],
      ['another host, as a list', { path: '/_ping', method: 'GET', headers: ['host', 'evil.example'] }],
      ['another host, as pairs', { path: '/_ping', method: 'GET', headers: new Map([['host', 'evil.example']]) }],
      ['no path', { method: 'GET' } as Dispatcher.RequestOptions],
    ]
    for (const [what, options] of rows) {
      await assert.rejects(dispatcher.request(options), code('ERR_WRONG_ORIGIN'), what)
    }
    await assert.rejects(
      dispatcher.connect({ origin: dispatcher.origin, path: 'evil.example:443' }),
      code('ERR_WRONG_ORIGIN'),
    )
    const own = { host: new URL(dispatcher.origin).host }
    const { body } = await dispatcher.request({ path: '/_ping?x=/../', method: 'GET', headers: own })
    assert.equal(await body.text(), 'OK')
  })

  test('repeats no password of a URL', async () => {
    const origin = 'https://user:s3cret@evil.example'
    await assert.rejects(dispatcher.request({ origin, path: '/', method: 'GET' }), (error: Error) => {
      assert.doesNotMatch(error.message, /s3cret/)
      return code('ERR_WRONG_ORIGIN')(error)
    })
  })

  test("the caller's own errors come back as they are", async () => {
    const mine = new Error('my disk is full')
    const body = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from('some')
      throw mine
    }
    await assert.rejects(dispatcher.request({ path: '/echo', method: 'POST', body: Readable.from(body()) }), mine)
    const missing = dispatcher.request({ path: '/echo', method: 'POST', body: createReadStream('/nonexistent/a.tar') })
    await assert.rejects(missing, code('ENOENT'))
  })

  test('an option that does not exist is refused', async () => {
    const identity = await loadIdentity(credentials.client)
    const make = (options: object) => () => createDispatcher(parseHost('localhost'), identity, options)
    assert.throws(make({ rejectUnauthorized: false }), code('ERR_OPTION_UNKNOWN'))
    assert.throws(make({ connectTimeout: Infinity }), code('ERR_ARGUMENT_INVALID'))
    assert.throws(make({ connectTimeout: 0 }), code('ERR_ARGUMENT_INVALID'))
    assert.throws(make(null as never), code('ERR_ARGUMENT_INVALID'))
  })

  test('a hijacked connection ends with its dispatcher', async () => {
    const mine = createDispatcher(parseHost(`localhost:${port()}`), await loadIdentity(credentials.client))
    const { socket } = await mine.upgrade({ path: '/hijack', method: 'POST', protocol: 'tcp' })
    assert.equal(socket.destroyed, false)
    await mine.destroy()
    assert.equal(socket.destroyed, true)
  })

  test('composed with interceptors it closes as it should', async () => {
    const mine = createDispatcher(parseHost(`localhost:${port()}`), await loadIdentity(credentials.client))
    const composed = mine.compose(interceptors.retry())
    const { body } = await composed.request({ path: '/_ping', method: 'GET' })
    assert.equal(await body.text(), 'OK')
    await composed.close()
    await composed.destroy()
    await mine.close()
    assert.deepEqual([mine.closed, mine.destroyed], [true, true])
  })

  test("says when it has room again: 'drain'", async () => {
    const mine = createDispatcher(parseHost(`localhost:${port()}`), await loadIdentity(credentials.client))
    const drained = once(mine, 'drain')
    const calls = Array.from({ length: 40 }, async () => {
      const { body } = await mine.request({ path: '/_ping', method: 'GET' })
      await body.dump()
    })
    await Promise.all([...calls, drained])
    await mine.destroy()
  })

  test('an abort is heeded while the connection is still being made', async (t) => {
    const answering = await startPeer('answers every ping', credentials.server)
    t.after(() => answering.close())
    const docker = await connect({ host: `localhost:${answering.port}`, connectTimeout: 3_000, ...credentials.client })
    await answering.close()
    const stuck = await startPeer('silent before TLS', credentials.server, { port: answering.port })
    t.after(() => stuck.close())
    const reason = new Error('never mind')
    const began = startWatch()
    const call = docker.request({ method: 'GET', path: '/events', signal: abortingIn(50, reason) })
    await assert.rejects(call, reason)
    assert.ok(began() < 1_500)
    await docker.close()
  })

  test('refuses redirects, in every mode of fetch, and takes 304', async () => {
    for (const redirect of ['follow', 'manual', 'error'] as const) {
      const moved = fetch(`${dispatcher.origin}/moved`, through(dispatcher, { redirect }))
      await assert.rejects(moved, fetchCode('ERR_REDIRECT_REFUSED'), redirect)
    }
    const unchanged = await dispatcher.request({ path: '/unchanged', method: 'GET' })
    assert.equal(unchanged.statusCode, 304)
    await unchanged.body.dump()
  })

  test("streams that stay open never take a short call's place", async () => {
    const streams = await Promise.all(
      Array.from({ length: 40 }, () => fetch(`${dispatcher.origin}/events`, through(dispatcher))),
    )
    const began = startWatch()
    await Promise.all(
      Array.from({ length: 64 }, async () => (await fetch(`${dispatcher.origin}/_ping`, through(dispatcher))).text()),
    )
    assert.ok(began() < 5_000, 'the pings waited for the streams')
    assert.equal(streams.length, 40)
    for (const response of open.splice(0)) response.end()
    await Promise.all(streams.map((stream) => stream.text()))
  })

  test('short calls share 16 connections', async () => {
    sockets.clear()
    await Promise.all(
      Array.from({ length: 200 }, async () =>
        (await dispatcher.request({ path: '/_ping', method: 'GET' })).body.dump(),
      ),
    )
    assert.ok(sockets.size <= 16, `${sockets.size} connections`)
    assert.ok(sockets.size > 1)
  })

  test("an abort comes back as the caller's own reason", async () => {
    const mine = new Error('I have had enough')
    const controller = new AbortController()
    const call = dispatcher.request({ path: '/silent', method: 'GET', signal: controller.signal })
    setTimeout(() => controller.abort(mine), 20)
    await assert.rejects(call, mine)
  })

  test('tells who answered', async () => {
    await (await dispatcher.request({ path: '/_ping', method: 'GET' })).body.dump()
    const { peer } = dispatcher
    assert.equal(peer?.tlsVersion, 'TLSv1.3')
    assert.deepEqual(peer.certificate.names.dns, ['localhost'])
    assert.equal(peer.client.commonName, 'alice')
    assert.equal(peer.certificate, peer.certificate, 'it is read once')
    assert.match(inspect(peer), /certificate: \{\s+commonName: 'localhost'/)
    assert.doesNotMatch(inspect(peer), /Getter|Symbol/)
    assert.deepEqual({ ...peer }.certificate.names.dns, ['localhost'])
  })

  test('keeps the prefix of a proxy', async () => {
    const gate = createDispatcher(parseHost(`https://localhost:${port()}/gate`), await loadIdentity(credentials.client))
    assert.equal(gate.prefix, '/gate')
    const answer = await fetch(`${gate.origin}${gate.prefix}/_ping`, through(gate))
    assert.equal(await answer.text(), 'OK')
    const out = ['/..%2fadmin', '/x%2f..%2f..%2fadmin', '/.%2e%2fadmin', '/..%5cadmin', '/%252e%252e%252fadmin']
    const odd = ['/admin', '/gateX/_ping', '/gate/../admin', '/gate', '/gate//evil.example']
    for (const path of [...odd, ...out.map((rest) => `/gate${rest}`)]) {
      await assert.rejects(gate.request({ path, method: 'GET' }), code('ERR_WRONG_ORIGIN'), path)
    }
    await gate.close()
  })

  test('a closed one refuses, and open requests end', async () => {
    const mine = createDispatcher(parseHost(`localhost:${port()}`), await loadIdentity(credentials.client))
    const silent = mine.request({ path: '/silent', method: 'GET' })
    const refused = assert.rejects(silent, code('ERR_CLIENT_CLOSED'))
    await new Promise((resolve) => setTimeout(resolve, 50))
    await mine.destroy()
    await mine.destroy()
    await refused
    await assert.rejects(mine.request({ path: '/_ping', method: 'GET' }), code('ERR_CLIENT_CLOSED'))
  })

  test('close() lets a running request finish', async () => {
    const mine = createDispatcher(parseHost(`localhost:${port()}`), await loadIdentity(credentials.client))
    const call = mine.request({ path: '/_ping', method: 'GET' }).then(({ body }) => body.text())
    await mine.close()
    assert.equal(await call, 'OK')
  })

  test('is shown without the inner life of undici, and without a key', () => {
    const mine = dispatcher.compose((dispatch) => dispatch)
    for (const shown of [inspect(dispatcher, { depth: 9 }), inspect(mine), JSON.stringify(dispatcher)]) {
      assert.match(shown, /localhost/)
      assert.doesNotMatch(shown, /Pool|lanes|Getter|Symbol|PRIVATE/)
    }
    assert.match(inspect(dispatcher), /^DockerDispatcher \{\s+endpoint: \{ kind: 'tls', host: 'localhost'/)
  })

  test('is made from an endpoint and an identity, and from nothing that looks like them', async () => {
    const identity = await loadIdentity(credentials.client)
    const rows: [unknown, unknown, RegExp][] = [
      ['tcp://x:2376', identity, /it is a string, .*\n.*parseHost.*resolveEndpoint/],
      [undefined, identity, /it isn't an endpoint/],
      [null, identity, /it isn't an endpoint/],
      [{ kind: 'tcp', host: 'x', port: 2376 }, identity, /it isn't an endpoint/],
      [{ kind: 'toString' }, identity, /it isn't an endpoint/],
      [{ kind: 'tls', host: 'x', port: '2376', prefix: '' }, identity, /it isn't an endpoint/],
      [{ kind: 'unix' }, undefined, /it isn't an endpoint/],
      [parseHost('x:2376'), credentials.client, /it isn't an identity.*\n.*loadIdentity/],
      [parseHost('x:2376'), '/folder', /it isn't an identity/],
      [parseHost('x:2376'), null, /it isn't an identity/],
      [parseHost('x:2376'), Promise.resolve(identity), /it is a promise.*\n.*await/],
    ]
    for (const [endpoint, who, says] of rows) {
      assert.throws(
        () => createDispatcher(endpoint as never, who as never),
        (error: Error) => {
          assert.match(error.message, says)
          return code('ERR_ARGUMENT_INVALID')(error)
        },
      )
    }
  })

  test('a TLS endpoint without an identity has no dispatcher', () => {
    assert.throws(() => createDispatcher(parseHost('localhost:2376')), code('ERR_CLIENT_CERT_REQUIRED'))
  })
})

describe('a dispatcher to a unix socket', () => {
  test('speaks plain HTTP to http://localhost and nothing else', async (t) => {
    const path = join(await temporaryFolder(t), 'docker.sock')
    const server = createServer((incoming, response) => response.end(incoming.headers.host)).listen(path)
    await once(server, 'listening')
    const dispatcher = createDispatcher(parseHost(`unix://${path}`))
    t.after(async () => {
      await dispatcher.destroy()
      server.close()
    })
    assert.equal(dispatcher.origin, 'http://localhost')
    const events: unknown[] = []
    const note = (event: unknown): void => void events.push(event)
    subscribe('docker-mtls:connect', note)
    t.after(() => unsubscribe('docker-mtls:connect', note))
    assert.equal(await (await fetch('http://localhost/_ping', through(dispatcher))).text(), 'localhost')
    await assert.rejects(fetch('http://127.0.0.1/_ping', through(dispatcher)), fetchCode('ERR_WRONG_ORIGIN'))
    await assert.rejects(fetch('https://localhost/_ping', through(dispatcher)), fetchCode('ERR_WRONG_ORIGIN'))
    assert.deepEqual(
      events.map((event) => (event as { target: string }).target),
      [`unix://${path}`],
    )
    const nowhere = createDispatcher(parseHost('unix:///nonexistent.sock'))
    t.after(() => nowhere.destroy())
    await assert.rejects(nowhere.open(), code('ERR_SOCKET_NOT_FOUND'))
    assert.ok(code('ERR_SOCKET_NOT_FOUND')((events[1] as { error: Error }).error))
  })
})
