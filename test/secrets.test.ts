import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { before, describe, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  connect,
  createDispatcher,
  explainEndpoint,
  isDockerMtlsError,
  loadIdentity,
  parseHost,
  type EndpointOptions,
} from '../lib/index.ts'
import { parseProxy } from '../lib/endpoint/proxy.ts'
import { createAuthority, issueClient, issueServer, loadAuthority, PkiFolder, type Authority } from '../lib/pki.ts'
import { runCommand } from './support/command.ts'
import { leaksOf, tracesOf, type Traces } from './support/leaks.ts'
import { daysFromNow, encryptKey, makeCa, makeClient, makeKey, type Made } from './support/openssl-certs.ts'
import { TYPESCRIPT } from './support/programs.ts'
import { lacks } from './support/requirements.ts'
import { temporaryFolder } from './support/temporary.ts'
import { startPeer, type PeerKind } from './support/tls-servers.ts'
import { ends, says, startFakeProxy, tunnels, type Behaviour } from './transport/support/proxies.ts'

const needs = { skip: lacks('openssl') }
const PASSPHRASE = 'a client passphrase that nobody may see'
const CA_PASSPHRASE = 'an authority passphrase that nobody may see'
const TOKEN = 'a token that travels in a request'
const PROXY_PASSWORD = 'a password of a proxy that nobody may see'
const PROXY_ENCODED = encodeURIComponent(PROXY_PASSWORD)
const PROXY_CREDENTIALS = `porter:${PROXY_PASSWORD}`

let authority: Authority
let caKey: string
let lockedCaKey: string
let client: { ca: string; cert: string; key: string }
let locked: string
let server: Made
let traces: Traces
before(async () => {
  if (needs.skip !== false) return
  authority = await createAuthority()
  caKey = await authority.exportKey()
  lockedCaKey = await authority.exportKey({ passphrase: CA_PASSPHRASE })
  const { ca, cert, key } = await issueClient(authority, { name: 'tester' })
  client = { ca, cert, key }
  locked = await encryptKey(key, PASSPHRASE, 'pkcs8')
  server = await issueServer(authority, { names: ['localhost'] })
  const proxy = { PROXY_PASSWORD, PROXY_ENCODED, PROXY_CREDENTIALS }
  traces = tracesOf({ key, locked, caKey, lockedCaKey, PASSPHRASE, CA_PASSPHRASE, TOKEN, ...proxy })
})

function assertSilent(value: unknown, what: string): void {
  assert.deepEqual(leaksOf(value, traces), [], what)
}

/** All that is published while a test runs, as whoever subscribes would see it. */
const CHANNELS = [
  'docker-mtls:connect',
  'docker-mtls:request',
  ...['create', 'bodySent', 'headers', 'trailers', 'error'].map((name) => `undici:request:${name}`),
  ...['beforeConnect', 'connected', 'connectError', 'sendHeaders'].map((name) => `undici:client:${name}`),
  'net.client.socket',
]

/** Looks at each payload as it comes, and once more at the end. */
function watch(t: TestContext): { readonly events: unknown[]; readonly names: Set<string> } {
  const seen = { events: [] as unknown[], names: new Set<string>() }
  const note = (event: unknown, name: string | symbol): void => {
    seen.events.push(event)
    seen.names.add(String(name))
    assertSilent(event, String(name))
  }
  for (const name of CHANNELS) subscribe(name, note)
  t.after(() => {
    for (const name of CHANNELS) unsubscribe(name, note)
  })
  return seen
}

test('the search finds what is there', needs, () => {
  const { key } = client
  const cases: [unknown, string][] = [
    [{ deep: { deeper: [{ key }] } }, 'key'],
    [new Error('x', { cause: new Error(`PEM: ${key.slice(60, 150)}`) }), 'key'],
    [Object.assign(new Error('x'), { options: { passphrase: PASSPHRASE } }), 'PASSPHRASE'],
    [Object.defineProperty({}, 'hidden', { value: CA_PASSPHRASE }), 'CA_PASSPHRASE'],
    [{ bytes: Buffer.from(PASSPHRASE) }, 'PASSPHRASE'],
    [{ toJSON: () => ({ caKey }) }, 'caKey'],
    [new AggregateError([new Error(TOKEN)]), 'TOKEN'],
    [Buffer.from(TOKEN).toString('base64'), 'TOKEN'],
    [lockedCaKey, 'lockedCaKey'],
  ]
  for (const [value, name] of cases) assert.ok(leaksOf(value, traces).includes(name), name)
  assertSilent([client.ca, client.cert, authority, server.cert], 'what is public is no secret')
})

const KINDS: readonly PeerKind[] = [
  'silent before TLS',
  'silent after TLS',
  'resets at once',
  'resets after TLS',
  'resets on the request',
  'closes in the handshake',
  'closes after TLS',
  'plaintext HTTP',
  'speaks first, as SSH does',
  'a proxy with a 404 page',
  'a web server with a 200 page',
  'answers no HTTP',
  'TLS 1.1 only',
  'redirects elsewhere',
  'half a head',
  'half a body',
]

describe('connecting keeps secrets', needs, () => {
  for (const kind of KINDS) {
    test(`to a server that is ${kind}`, async (t) => {
      const peer = await startPeer(kind, { cert: server.cert, key: server.key, ca: authority.certificate })
      t.after(() => peer.close())
      const seen = watch(t)
      const options = { host: `tcp://localhost:${peer.port}`, ca: client.ca, cert: client.cert, key: locked }
      const error: unknown = await connect({ ...options, passphrase: PASSPHRASE, connectTimeout: 200 }).then(
        () => assert.fail('it connected'),
        (failure: unknown) => failure,
      )
      assert.ok(isDockerMtlsError(error), String(error))
      assertSilent(error, error.message)
      assertSilent(seen.events, 'what was published')
      assert.ok(seen.events.length > 0)
    })
  }

  test('to a server that answers', async (t) => {
    const peer = await startPeer('answers every ping', {
      cert: server.cert,
      key: server.key,
      ca: authority.certificate,
    })
    t.after(() => peer.close())
    const seen = watch(t)
    const host = `tcp://localhost:${peer.port}`
    const passphrase = Buffer.from(PASSPHRASE)
    const docker = await connect({ host, ca: client.ca, cert: client.cert, key: locked, passphrase })
    t.after(() => docker.close())
    await docker.ping()
    const identity = await loadIdentity({ ...client, key: locked, passphrase: PASSPHRASE })
    const dispatcher = createDispatcher(parseHost(host), identity)
    t.after(() => dispatcher.destroy())
    await (await fetch(`${dispatcher.origin}/_ping`, { dispatcher } as object)).text()
    const current = await identity.current()
    for (const thing of [docker, dispatcher, identity, current, docker.dispatcher.peer])
      assertSilent(thing, 'an object')
    assertSilent(seen.events, 'what was published')
    for (const name of ['docker-mtls:connect', 'docker-mtls:request', 'undici:client:connected']) {
      assert.ok(seen.names.has(name), `${name} was published`)
    }
  })

  test('that travel in a request', async (t) => {
    const peer = await startPeer('answers every ping', { cert: server.cert, key: server.key })
    t.after(() => peer.close())
    const events: unknown[] = []
    const note = (event: unknown): void => void events.push(event)
    for (const name of CHANNELS.slice(0, 2)) subscribe(name, note)
    t.after(() => CHANNELS.slice(0, 2).forEach((name) => unsubscribe(name, note)))
    const docker = await connect({ host: `tcp://localhost:${peer.port}`, ...client })
    t.after(() => docker.close())
    const secret = {
      query: { buildargs: { TOKEN } },
      headers: { 'X-Registry-Auth': Buffer.from(TOKEN).toString('base64') },
    }
    const answer = await docker.request({ method: 'POST', path: '/build', ...secret, body: { TOKEN } })
    await text(answer.body)
    await peer.close()
    const lost = await docker.request({ method: 'POST', path: '/build', ...secret }).catch((error: unknown) => error)
    assert.ok(isDockerMtlsError(lost))
    assertSilent(lost, 'an error')
    assertSilent(events, 'what was published')
    assert.ok(events.length >= 4)
  })

  test('also with NODE_DEBUG', async (t) => {
    const peer = await startPeer('answers every ping', {
      cert: server.cert,
      key: server.key,
      ca: authority.certificate,
    })
    t.after(() => peer.close())
    const proxy = await startFakeProxy(tunnels())
    t.after(() => proxy.close())
    const script = `
      import { connect } from '${new URL('../lib/index.ts', import.meta.url).href}'
      const { proxy, ...direct } = JSON.parse(process.env.OPTIONS)
      await (await connect({ ...direct, proxy })).close()
      const options = direct
      const docker = await connect(options)
      await docker.ping()
      console.log(docker)
      await docker.close()
      await connect({ ...options, host: 'tcp://localhost:1' }).catch((error) => console.log(error))`
    const { code, stdout, stderr } = await runCommand(
      process.execPath,
      [...TYPESCRIPT, '--input-type=module', '-e', script],
      {
        cwd: fileURLToPath(new URL('..', import.meta.url)),
        env: {
          NODE_DEBUG: 'docker-mtls,undici,fetch,tls,net,https',
          OPTIONS: JSON.stringify({
            host: `tcp://localhost:${peer.port}`,
            ...client,
            key: locked,
            passphrase: PASSPHRASE,
            proxy: `http://porter:${PROXY_ENCODED}@localhost:${proxy.port}`,
          }),
        },
      },
    )
    assert.equal(code, 0, stderr)
    assert.match(stderr, /DOCKER-MTLS \d+: connect .*TLSv1.3/)
    assert.match(stdout, /ERR_CONNECTION_REFUSED/)
    assertSilent(stdout + stderr, 'what was printed')
  })
})

const PROXIES: Readonly<Record<string, Behaviour>> = {
  'wants other credentials': says('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'),
  forbids: says('HTTP/1.1 403 Forbidden\r\n\r\n'),
  'repeats the request': (socket) => socket.end(Buffer.from(PROXY_CREDENTIALS).toString('base64')),
  'says whom it refuses, by the password': says(`HTTP/1.1 407 No (${PROXY_PASSWORD})\r\n\r\n`),
  'says whom it refuses, as in a URL': says(`HTTP/1.1 403 porter:${PROXY_ENCODED} may not\r\n\r\n`),
  'says whom it refuses, as in the request': says(`HTTP/1.1 502 Basic ${btoa(PROXY_CREDENTIALS)}\r\n\r\n`),
  'is silent': () => undefined,
  closes: ends(),
  'opens a tunnel to silence': says('HTTP/1.1 200 OK\r\n\r\n'),
  'opens a tunnel and closes it': ends('HTTP/1.1 200 OK\r\n\r\n'),
}

const through = ({ port }: { port: number }): { proxy: string } => {
  return { proxy: `http://porter:${PROXY_ENCODED}@localhost:${port}` }
}

describe('going through a proxy keeps its credentials', needs, () => {
  for (const [kind, behaviour] of Object.entries(PROXIES)) {
    test(`to one that ${kind}`, async (t) => {
      const proxy = await startFakeProxy(behaviour)
      t.after(() => proxy.close())
      const seen = watch(t)
      const options = { host: 'tcp://localhost:1', ...client, connectTimeout: 200, ...through(proxy) }
      const error: unknown = await connect(options).catch((failure: unknown) => failure)
      assert.ok(isDockerMtlsError(error), String(error))
      assertSilent(error, error.message)
      assertSilent(seen.events, 'what was published')
      assert.ok(proxy.requests[0]?.includes(Buffer.from(PROXY_CREDENTIALS).toString('base64')), 'they were sent')
    })
  }

  test('to one that opens the tunnel, and to one that is not there', async (t) => {
    const [peer, proxy] = [await startPeer('answers every ping', server), await startFakeProxy(tunnels())]
    t.after(() => Promise.all([peer.close(), proxy.close()]))
    const seen = watch(t)
    const options = { host: `tcp://localhost:${peer.port}`, ...client, ...through(proxy) }
    const docker = await connect(options)
    t.after(() => docker.close())
    await docker.ping()
    for (const thing of [docker, docker.dispatcher, docker.endpoint, docker.dispatcher.peer]) {
      assertSilent(thing, 'an object')
    }
    assertSilent(await explainEndpoint(options, {}), 'explainEndpoint')
    assertSilent(parseProxy(options.proxy), 'the proxy itself')
    await proxy.close()
    const lost = await docker.ping().catch((failure: unknown) => failure)
    assert.ok(isDockerMtlsError(lost), String(lost))
    assertSilent(lost, lost.message)
    assertSilent(seen.events, 'what was published')
    assert.ok(seen.names.has('net.client.socket'), 'the socket was published')
  })
})

/** Damages a text in the middle, where it is still a secret on both sides. */
function damage(pem: string): string {
  return pem.replace(/(.{70})./s, '$1!')
}

describe('refusing an identity keeps secrets', needs, () => {
  /** Each is refused, and has a secret where it doesn't belong or where it can't be read. */
  const refused: Readonly<Record<string, () => Promise<Partial<Record<keyof EndpointOptions | 'secret', unknown>>>>> = {
    'a key that is damaged': async () => ({ key: damage(client.key) }),
    'a key without its frame': async () => ({ key: client.key.replace(/-----.*-----\n/g, '') }),
    'a key that is cut short': async () => ({ key: client.key.slice(0, 150) }),
    'a key as its own bytes': async () => ({ key: Buffer.from(client.key.replace(/-----.*-----|\n/g, ''), 'base64') }),
    'an encrypted key without a passphrase': async () => ({ key: locked }),
    'a wrong passphrase': async () => ({ key: locked, passphrase: CA_PASSPHRASE }),
    'a passphrase of another type': async () => ({ key: locked, passphrase: { PASSPHRASE } }),
    'a key in place of the certificate': async () => ({ cert: client.key }),
    'a key in place of the CA': async () => ({ ca: client.key }),
    'the key of the CA in place of the certificate': async () => ({ cert: caKey }),
    'the key of the CA': async () => ({ key: caKey }),
    'the encrypted key of the CA': async () => ({ key: lockedCaKey, passphrase: CA_PASSPHRASE }),
    'a key of a type that is not taken': async () => {
      const made = await makeClient(await makeCa(), { key: await makeKey('secp256k1') })
      return { ...made, secret: made.key }
    },
    'an expired certificate': async () => {
      const issuer = { cert: authority.certificate, key: caKey }
      return makeClient(issuer, { key: client.key, from: daysFromNow(-3), to: daysFromNow(-1) })
    },
    'a misspelt option': async () => ({ Key: client.key, passphrase: PASSPHRASE, passPhrase: PASSPHRASE }),
    'a proxy that is none': async () => ({ proxy: `http://porter:${PROXY_ENCODED}@proxy:abc` }),
    'a proxy of another kind': async () => ({ proxy: `socks5://porter:${PROXY_ENCODED}@proxy:1080` }),
    'a proxy without its scheme': async () => ({ proxy: `porter:${PROXY_ENCODED}@proxy:3128` }),
    'a proxy for a local socket': async () => ({
      host: 'unix:///nonexistent',
      proxy: `http://porter:${PROXY_ENCODED}@proxy:3128`,
    }),
    'a password in the host': async () => ({ host: `tcp://tester:${encodeURIComponent(PASSPHRASE)}@localhost:2376` }),
  }

  for (const [name, make] of Object.entries(refused)) {
    test(name, async () => {
      const { secret, ...changes } = await make()
      const options = { host: 'tcp://localhost:1', ...client, ...changes } as EndpointOptions
      const error: unknown = await connect(options).then(
        () => assert.fail('it connected'),
        (failure: unknown) => failure,
      )
      assert.ok(isDockerMtlsError(error), String(error))
      assertSilent(error, error.message)
      assertSilent(await explainEndpoint(options, {}), 'explainEndpoint')
      if (typeof secret === 'string') assert.deepEqual(leaksOf(error, tracesOf({ secret })), [])
    })
  }

  test('in files', async (t) => {
    const folder = await temporaryFolder(t)
    const files: Readonly<Record<string, string>>[] = [
      { 'ca.pem': client.ca, 'cert.pem': client.cert, 'key.pem': damage(client.key) },
      { 'ca.pem': client.ca, 'cert.pem': client.key, 'key.pem': client.cert },
      { 'ca.pem': client.ca, 'cert.pem': client.cert, 'key.pem': caKey },
      { 'ca.pem': client.key, 'cert.pem': client.cert, 'key.pem': client.key },
    ]
    for (const [index, set] of files.entries()) {
      const certPath = join(folder, String(index))
      await mkdir(certPath)
      for (const [file, content] of Object.entries(set)) await writeFile(join(certPath, file), content)
      const error = await connect({ host: 'tcp://localhost:1', certPath }).catch((failure: unknown) => failure)
      assert.ok(isDockerMtlsError(error), String(error))
      assertSilent(error, error.message)
    }
  })
})

const certificate = (): string => authority.certificate

describe('an authority keeps secrets', needs, () => {
  const refused: Readonly<Record<string, () => Promise<unknown>>> = {
    'no passphrase': () => loadAuthority({ certificate: certificate(), key: lockedCaKey }),
    'a wrong passphrase': () => loadAuthority({ certificate: certificate(), key: lockedCaKey, passphrase: PASSPHRASE }),
    'a damaged key': () => loadAuthority({ certificate: certificate(), key: damage(caKey) }),
    'a damaged encrypted key': () =>
      loadAuthority({ certificate: certificate(), key: damage(lockedCaKey), passphrase: CA_PASSPHRASE }),
    "a client's key": () => loadAuthority({ certificate: certificate(), key: client.key }),
    'key and certificate exchanged': () => loadAuthority({ certificate: caKey, key: certificate() }),
    'a passphrase that is too long': () => authority.exportKey({ passphrase: CA_PASSPHRASE.repeat(40) }),
    'a misspelt option': async () => authority.exportKey({ passPhrase: CA_PASSPHRASE } as object),
  }
  for (const [name, call] of Object.entries(refused)) {
    test(name, async () => {
      const error = await call().then(
        () => assert.fail('it was taken'),
        (failure: unknown) => failure,
      )
      assert.ok(isDockerMtlsError(error), String(error))
      assertSilent(error, error.message)
    })
  }

  test('in its objects and its folder', async (t) => {
    const folder = new PkiFolder(join(await temporaryFolder(t), 'pki'))
    const made = await folder.ensureAuthority({ passphrase: CA_PASSPHRASE })
    const opened = await folder.openAuthority(CA_PASSPHRASE)
    const issued = await folder.ensureClient('tester')
    const values = [await issueClient(opened, { name: 'x' }), await issueServer(opened, { names: ['h'] })]
    const own = tracesOf({
      caKey: await opened.exportKey(),
      CA_PASSPHRASE,
      client: values[0]?.key ?? '',
      server: values[1]?.key ?? '',
    })
    for (const thing of [
      folder,
      made,
      opened,
      issued,
      ...values,
      await loadAuthority({ certificate: certificate(), key: caKey }),
    ]) {
      assert.deepEqual(leaksOf(thing, own), [])
      assertSilent(thing, 'an object')
    }
    const error = await new PkiFolder(folder.path).openAuthority(PASSPHRASE).catch((failure: unknown) => failure)
    assert.ok(isDockerMtlsError(error, 'ERR_CA_PASSPHRASE'), String(error))
    assertSilent(error, error.message)
  })
})
