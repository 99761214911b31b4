import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { before, describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { TlsEndpoint } from '../../lib/endpoint/endpoint.ts'
import { parseProxy } from '../../lib/endpoint/proxy.ts'
import {
  connect,
  createDispatcher,
  isDockerMtlsError,
  loadIdentity,
  parseHost,
  type AnyDockerMtlsError,
  type DockerDispatcher,
  type EndpointOptions,
  type ErrorCode,
} from '../../lib/index.ts'
import { openTunnel } from '../../lib/transport/proxy.ts'
import { runCommand } from '../support/command.ts'
import { freePort } from '../support/ports.ts'
import { TYPESCRIPT } from '../support/programs.ts'
import { RecordingServer } from '../support/recording-server.ts'
import { startPeer, type Peer, type PeerKind, type PeerCredentials } from '../support/tls-servers.ts'
import { makeCredentials, type Credentials } from './support/credentials.ts'
import { ends, says, startFakeProxy, tunnels, type Behaviour, type FakeProxy } from './support/proxies.ts'
import { startWatch } from '../support/watch.ts'

const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n'

let credentials: Credentials
before(async () => {
  credentials = await makeCredentials()
})

async function proxy(t: TestContext, behaviour: Behaviour): Promise<FakeProxy> {
  const started = await startFakeProxy(behaviour)
  t.after(() => started.close())
  return started
}

async function daemon(
  t: TestContext,
  kind: PeerKind = 'answers every ping',
  shows?: PeerCredentials,
  host?: string,
): Promise<Peer> {
  const peer = await startPeer(kind, shows ?? credentials.server, host === undefined ? {} : { host })
  t.after(() => peer.close())
  return peer
}

async function failure(options: EndpointOptions): Promise<AnyDockerMtlsError> {
  const error = await connect({ ...credentials.client, connectTimeout: 1_500, ...options }).then(
    async (docker) => {
      await docker.close()
      return assert.fail('it connected')
    },
    (reason: unknown) => reason,
  )
  assert.ok(isDockerMtlsError(error), `not an error of ours: ${String(error)}`)
  return error
}

async function ping(dispatcher: DockerDispatcher): Promise<void> {
  await (await dispatcher.request({ path: '/_ping', method: 'GET' })).body.dump()
}

describe('through a proxy', () => {
  test('TLS reaches the daemon, and the proxy is asked for one tunnel', async (t) => {
    const [peer, between] = [await daemon(t), await proxy(t, tunnels())]
    const options = { host: `localhost:${peer.port}`, ...credentials.client, proxy: `http://127.0.0.1:${between.port}` }
    const docker = await connect(options)
    await ping(docker.dispatcher)
    assert.equal(docker.dispatcher.peer?.tlsVersion, 'TLSv1.3')
    assert.equal(docker.dispatcher.peer.remoteAddress, undefined, "the proxy's is not the daemon's")
    const authority = `localhost:${peer.port}`
    assert.equal(between.requests[0], `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}`)
    await docker.close()
    for (let attempt = 0; attempt < 40 && between.open() > 0; attempt++) await delay(25)
    assert.equal(between.open(), 0, 'no connection is left')
  })

  test('every connection goes, and sessions are resumed', async (t) => {
    const [peer, between] = [await daemon(t), await proxy(t, tunnels())]
    const identity = await loadIdentity(credentials.client)
    const options = { proxy: `http://127.0.0.1:${between.port}` }
    const dispatcher = createDispatcher(parseHost(`localhost:${peer.port}`), identity, options)
    t.after(() => dispatcher.destroy())
    await ping(dispatcher)
    await Promise.all(Array.from({ length: 32 }, () => ping(dispatcher)))
    assert.equal(between.requests.length, peer.count())
    assert.equal(dispatcher.peer?.resumed, true)
  })

  test('credentials are sent, and IPv6 has its brackets and no zone', async (t) => {
    const peer = await daemon(t, 'answers every ping', undefined, '::1')
    const between = await proxy(t, tunnels())
    const url = `http://ann:s%40cret@127.0.0.1:${between.port}`
    await (await connect({ host: `tcp://[::1]:${peer.port}`, ...credentials.client, proxy: url })).close()
    const wanted = `Proxy-Authorization: Basic ${Buffer.from('ann:s@cret').toString('base64')}`
    assert.deepEqual(between.requests[0]?.split('\r\n').slice(1), [`Host: [::1]:${peer.port}`, wanted])
    await failure({ host: `tcp://[fe80::1%25lo]:${peer.port}`, proxy: url })
    assert.ok(
      between.requests.at(-1)?.startsWith(`CONNECT [fe80::1]:${peer.port} HTTP/1.1\r\n`),
      between.requests.at(-1),
    )
  })

  test('an endpoint made by hand puts no line of its own into the request', async (t) => {
    const between = await proxy(t, says('HTTP/1.1 403 No\r\n\r\n'))
    const endpoint: TlsEndpoint = { kind: 'tls', host: 'h\r\nEvil: 1', port: 2376, prefix: '' }
    const signal = new AbortController().signal
    const opening = openTunnel(parseProxy(`http://127.0.0.1:${between.port}`), endpoint, { timeout: 1_000, signal })
    await assert.rejects(opening)
    assert.ok(
      between.requests.every((request) => !/^Evil/m.test(request)),
      between.requests[0],
    )
  })

  test('a call that was aborted before it begins is not made', async (t) => {
    const between = await proxy(t, says(''))
    const [endpoint, mine] = [parseHost('localhost:2376') as TlsEndpoint, new Error('mine')]
    const options = { timeout: 1_000, signal: AbortSignal.abort(mine) }
    await assert.rejects(openTunnel(parseProxy(`http://127.0.0.1:${between.port}`), endpoint, options), mine)
    assert.deepEqual(between.requests, [])
  })

  const ODD: [what: string, behaviour: Behaviour][] = [
    ['HTTP/1.0', tunnels('HTTP/1.0 200 OK\r\n\r\n')],
    ['another 2xx, and no reason', tunnels('HTTP/1.1 204\r\n\r\n')],
    ['fields that mean nothing here', tunnels('HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: x\r\n\r\n')],
    [
      'an interim answer first',
      tunnels(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n${ESTABLISHED}`),
    ],
    [
      'a byte at a time',
      (client, authority) => {
        const slow = {
          write: async (head: string) => {
            for (const byte of head) {
              client.write(byte)
              await delay(2)
            }
          },
        }
        void slow.write(ESTABLISHED.slice(0, -1)).then(() => tunnels('\n')(client, authority))
      },
    ],
  ]
  for (const [what, behaviour] of ODD) {
    test(`that answers oddly: ${what}`, async (t) => {
      const [peer, between] = [await daemon(t), await proxy(t, behaviour)]
      const options = { host: `localhost:${peer.port}`, proxy: `http://127.0.0.1:${between.port}` }
      await (await connect({ ...options, ...credentials.client })).close()
    })
  }

  test('the bytes that come with its answer are the first of the tunnel', async (t) => {
    const between = await proxy(t, (client) => {
      client.write(`${ESTABLISHED}first,`)
      setTimeout(() => client.end(' second'), 50)
    })
    const endpoint = parseHost('localhost:2376') as TlsEndpoint
    const signal = new AbortController().signal
    const url = parseProxy(`http://127.0.0.1:${between.port}`)
    assert.equal(await text(await openTunnel(url, endpoint, { timeout: 1_000, signal })), 'first, second')
    const speaksFirst = await proxy(t, says(`${ESTABLISHED}SSH-2.0-OpenSSH_10.0\r\n`))
    const error = await failure({ host: 'localhost:2376', proxy: `http://127.0.0.1:${speaksFirst.port}` })
    assert.equal(error.code, 'ERR_SERVER_PLAINTEXT')
  })

  test('the server is checked as ever: names, CA, versions', async (t) => {
    const between = await proxy(t, tunnels())
    const url = `http://127.0.0.1:${between.port}`
    const foreign = await makeCredentials()
    const rows: [Peer, string, ErrorCode][] = [
      [await daemon(t), 'build01.example.com', 'ERR_SERVER_NAME_MISMATCH'],
      [await daemon(t, 'answers every ping', foreign.server), 'localhost', 'ERR_SERVER_CERT_UNTRUSTED'],
      [await daemon(t, 'TLS 1.1 only'), 'localhost', 'ERR_SERVER_TLS_TOO_OLD'],
      [await daemon(t, 'plaintext HTTP'), 'localhost', 'ERR_SERVER_PLAINTEXT'],
    ]
    for (const [{ port }, host, code] of rows) {
      const error = await failure({ host: `${host}:${port}`, proxy: url })
      assert.equal(error.code, code, error.message)
      assert.ok(error.tried.endsWith(`:${port} through the proxy ${url}`), error.tried)
    }
  })
})

describe('a proxy that', () => {
  const ROWS: [what: string, behaviour: Behaviour, ErrorCode, got: RegExp][] = [
    [
      'wants credentials',
      says('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'),
      'ERR_PROXY_AUTH_REQUIRED',
      /requires a user name/,
    ],
    ['forbids', ends('HTTP/1.1 403 Access violation\r\n\r\n<html>'), 'ERR_PROXY_REFUSED', /\(403 Access violation\)/],
    ['says 401', says('HTTP/1.1 401 Unauthorized\r\n\r\n'), 'ERR_PROXY_AUTH_REQUIRED', /401/],
    ['says 500', says('HTTP/1.1 500 Unable to connect\r\n\r\n'), 'ERR_PROXY_BAD_GATEWAY', /500 Unable/],
    ['knows no CONNECT', says('HTTP/1.1 405 Method Not Allowed\r\n\r\n'), 'ERR_PROXY_REFUSED', /405/],
    ['redirects', says('HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n'), 'ERR_PROXY_REFUSED', /302/],
    [
      'reaches nothing',
      says('HTTP/1.1 502 Bad Gateway\r\n\r\n'),
      'ERR_PROXY_BAD_GATEWAY',
      /could not reach the daemon/,
    ],
    ['is overloaded', says('HTTP/1.1 503 Service Unavailable\r\n\r\n'), 'ERR_PROXY_BAD_GATEWAY', /503/],
    ['waits too long itself', says('HTTP/1.0 504\r\n\r\n'), 'ERR_PROXY_BAD_GATEWAY', /\(504\)/],
    ['is an ssh server', says('SSH-2.0-OpenSSH_10.0\r\n'), 'ERR_PROXY_INVALID', /not an HTTP proxy/],
    ['speaks TLS', says('\x15\x03\x01\x00\x02\x02\x16'), 'ERR_PROXY_INVALID', /not an HTTP proxy/],
    ['speaks HTTP/2', says('HTTP/2 200 OK\r\n\r\n'), 'ERR_PROXY_INVALID', /not an HTTP proxy/],
    ['has no status', says('HTTP/1.1 OK\r\n\r\n'), 'ERR_PROXY_INVALID', /not an HTTP proxy/],
    [
      'never ends its head',
      says(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}`),
      'ERR_PROXY_INVALID',
      /not an HTTP proxy/,
    ],
    ['closes', ends(), 'ERR_PROXY_INVALID', /closed the connection without an answer/],
    ['closes half way', ends('HTTP/1.1 200 Conn'), 'ERR_PROXY_INVALID', /closed the connection without an answer/],
    ['resets', (client) => client.resetAndDestroy(), 'ERR_PROXY_INVALID', /closed the connection without an answer/],
    [
      'is silent',
      () => undefined,
      'ERR_CONNECT_TIMEOUT',
      /the proxy accepted .* did not reply to CONNECT within 1500 ms/,
    ],
    ['falls silent', says('HTTP/1.1 200 Conn'), 'ERR_CONNECT_TIMEOUT', /the proxy accepted .* did not reply/],
    ['opens a tunnel to silence', says(ESTABLISHED), 'ERR_HANDSHAKE_TIMEOUT', /handshake did not finish/],
    ['opens a tunnel and closes it', ends(ESTABLISHED), 'ERR_CONNECTION_RESET', /reset/],
    [
      'opens a tunnel and resets it',
      (client) => {
        client.write(ESTABLISHED)
        client.once('data', () => client.resetAndDestroy())
      },
      'ERR_CONNECTION_RESET',
      /reset/,
    ],
  ]
  for (const [what, behaviour, code, got] of ROWS) {
    test(`${what}: ${code}`, async (t) => {
      const between = await proxy(t, behaviour)
      const began = startWatch()
      const error = await failure({ host: 'localhost:2376', proxy: `http://127.0.0.1:${between.port}` })
      assert.equal(error.code, code, error.message)
      assert.match(error.got, got)
      assert.equal(error.tried, `connecting to tcp://localhost:2376 through the proxy http://127.0.0.1:${between.port}`)
      assert.ok(began() < 3_000, `it took ${began()} ms`)
      for (let attempt = 0; attempt < 40 && between.open() > 0; attempt++) await delay(25)
      assert.equal(between.open(), 0, 'no connection is left')
    })
  }

  test('never stops with interim answers', async (t) => {
    const between = await proxy(t, says('HTTP/1.1 100 Continue\r\n\r\n'.repeat(20_000)))
    const error = await failure({ host: 'localhost:1', proxy: `http://127.0.0.1:${between.port}` })
    assert.equal(error.code, 'ERR_PROXY_INVALID', error.message)
  })

  test("doesn't take our credentials, and neither they nor a control character are shown", async (t) => {
    const between = await proxy(t, says('HTTP/1.1 407 \x1b[31mNo\r\n\r\n'))
    const error = await failure({ host: 'localhost:2376', proxy: `http://ann:s3cret@127.0.0.1:${between.port}` })
    assert.equal(error.code, 'ERR_PROXY_AUTH_REQUIRED')
    assert.match(error.got, /rejects the user name or password .*407 <U\+001B>\[31mNo/)
    assert.doesNotMatch(error.message, /ann|s3cret/)
  })

  test('takes its time leaves less of it to TLS', async (t) => {
    const between = await proxy(t, (socket) => setTimeout(() => socket.write(ESTABLISHED), 1_200))
    const began = startWatch()
    const error = await failure({ host: 'localhost:2376', proxy: `http://127.0.0.1:${between.port}` })
    assert.equal(error.code, 'ERR_HANDSHAKE_TIMEOUT')
    assert.ok(began() < 2_300, `it took ${began()} ms`)
  })

  test("isn't there", async () => {
    const closed = `http://127.0.0.1:${await freePort()}`
    const error = await failure({ host: 'localhost:2376', proxy: closed })
    assert.equal(error.code, 'ERR_PROXY_UNREACHABLE')
    assert.match(error.got, /nothing listens there/)
    assert.ok(error.message.includes(`through the proxy ${closed}`), error.message)
    const unknown = await failure({
      host: 'localhost:2376',
      proxy: 'http://no-such-proxy.invalid:3128',
      connectTimeout: 8_000,
    })
    assert.equal(unknown.code, 'ERR_PROXY_UNREACHABLE')
    assert.match(unknown.got, /name/)
  })

  test('cuts an open stream is named, too', async (t) => {
    const [peer, between] = [await daemon(t, 'half a body'), await proxy(t, tunnels())]
    const identity = await loadIdentity(credentials.client)
    const url = `http://127.0.0.1:${between.port}`
    const dispatcher = createDispatcher(parseHost(`localhost:${peer.port}`), identity, { proxy: url })
    t.after(() => dispatcher.destroy())
    const { body } = await dispatcher.request({ path: '/events', method: 'GET' })
    await assert.rejects(body.text(), { code: 'ERR_CONNECTION_CLOSED', tried: new RegExp(`through the proxy ${url}$`) })
    const silent = await daemon(t, 'silent after TLS')
    const other = createDispatcher(parseHost(`localhost:${silent.port}`), identity, { proxy: url })
    t.after(() => other.destroy())
    const waiting = assert.rejects(other.request({ path: '/events', method: 'GET' }), (error: Error) => {
      assert.ok(isDockerMtlsError(error, 'ERR_CONNECTION_CLOSED', 'ERR_CONNECTION_RESET'), String(error))
      assert.ok(error.message.includes(`through the proxy ${url}`), error.message)
      return true
    })
    for (let attempt = 0; attempt < 100 && other.peer === undefined; attempt++) await delay(10)
    await between.close()
    await waiting
  })
})

test('an abort comes back as it is, at each stage, and leaves no connection', async (t) => {
  const stages: Behaviour[] = [() => undefined, says('HTTP/1.1 2'), says(ESTABLISHED)]
  for (const behaviour of stages) {
    const between = await proxy(t, behaviour)
    const controller = new AbortController()
    const mine = new Error('never mind')
    const options = { host: 'localhost:2376', ...credentials.client, proxy: `http://127.0.0.1:${between.port}` }
    const connecting = assert.rejects(connect({ ...options, signal: controller.signal }), mine)
    for (let attempt = 0; attempt < 100 && between.requests.length === 0; attempt++) await delay(10)
    controller.abort(mine)
    await connecting
    for (let attempt = 0; attempt < 40 && between.open() > 0; attempt++) await delay(25)
    assert.equal(between.open(), 0)
  }
})

test('no variable names a proxy', async (t) => {
  const witness = await RecordingServer.start()
  t.after(() => witness.close())
  const own = { ...process.env }
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NODE_USE_ENV_PROXY'].flatMap((name) => [
    name,
    name.toLowerCase(),
  ])
  t.after(() => {
    for (const name of names) delete process.env[name]
    Object.assign(process.env, own)
  })
  for (const name of names) process.env[name] = name.endsWith('ENV_PROXY') ? '1' : `http://127.0.0.1:${witness.port}`
  const peer = await daemon(t)
  const env = { ...process.env, DOCKER_HOST: `localhost:${peer.port}`, DOCKER_TLS_VERIFY: '1' }
  const docker = await connect({ host: `localhost:${peer.port}`, ...credentials.client }, env)
  await (await fetch(`${docker.dispatcher.origin}/_ping`, { dispatcher: docker.dispatcher } as object)).text()
  await docker.close()
  assert.deepEqual((await witness.settled()).connections, [])

  const between = await proxy(t, tunnels())
  process.env['NO_PROXY'] = process.env['no_proxy'] = 'localhost,*'
  t.after(() => {
    delete process.env['NO_PROXY']
    delete process.env['no_proxy']
  })
  const options = { host: `localhost:${peer.port}`, ...credentials.client, proxy: `http://127.0.0.1:${between.port}` }
  await (await connect(options, { ...process.env })).close()
  assert.ok(between.requests.length > 0, 'and none says that there is none')
})

test('a dispatcher takes a proxy for TLS alone, and none that is none', async () => {
  const identity = await loadIdentity(credentials.client)
  const [tls, unix, ssh] = [parseHost('localhost'), parseHost('unix:///run/docker.sock'), parseHost('ssh://h')]
  const rows: [unknown, RegExp][] = [
    [() => createDispatcher(unix, undefined, { proxy: 'http://proxy:3128' }), /local socket/],
    [() => createDispatcher(ssh, undefined, { proxy: 'http://proxy:3128' }), /ProxyJump/],
    [() => createDispatcher(tls, identity, { proxy: 'https://proxy:3128' }), /TLS to the proxy/],
    [() => createDispatcher(tls, identity, { proxy: 3128 } as never), /isn't a string/],
  ]
  for (const [make, message] of rows) {
    assert.throws(make as () => void, { name: 'ArgumentError', code: 'ERR_ARGUMENT_INVALID', message })
  }
})

test("an idle connection doesn't hold a process up", async (t) => {
  const [peer, between] = [await daemon(t), await proxy(t, tunnels())]
  const script = `
    import { connect } from '${new URL('../../lib/index.ts', import.meta.url).href}'
    await connect(JSON.parse(process.env.OPTIONS))
    const connected = performance.now()
    // undici itself closes what is idle for 4 s.
    process.once('exit', () => console.log(performance.now() - connected < 2_000))`
  const options = { host: `localhost:${peer.port}`, ...credentials.client, proxy: `http://127.0.0.1:${between.port}` }
  const { code, stdout, stderr } = await runCommand(
    process.execPath,
    [...TYPESCRIPT, '--input-type=module', '-e', script],
    {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: { OPTIONS: JSON.stringify(options) },
      timeout: 20_000,
    },
  )
  assert.deepEqual([code, stdout, stderr], [0, 'true\n', ''])
})
