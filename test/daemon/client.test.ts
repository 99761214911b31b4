import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request as requestHttp, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { json, text } from 'node:stream/consumers'
import { after, before, describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { request as undiciRequest } from 'undici'
import {
  connect,
  createDispatcher,
  DockerApiError,
  isDockerMtlsError,
  parseHost,
  type DockerClient,
} from '../../lib/index.ts'
import { runCommand } from '../support/command.ts'
import { makeClient, makeServer } from '../support/openssl-certs.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import type { Daemon } from './harness/dockerd.ts'
import { testedEngine } from './harness/engine.ts'
import { makeImage } from './harness/image.ts'
import { startSecuredDaemon, type SecuredDaemon } from './harness/secured.ts'
import { makeCast, writeCertFolder, type Cast } from './support/cast.ts'
import { execute, startContainer } from './support/exec.ts'
import { startPresenting } from './support/presented.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip')
/** Much longer than anything here takes, and shorter than a person waits. */
const SOON_MS = 10_000

/** A client that is closed when the test ends. */
async function connected(t: TestContext, ...args: Parameters<typeof connect>): Promise<DockerClient> {
  const docker = await connect(...args)
  t.after(() => docker.close())
  return docker
}

function soon<T>(what: string, promise: Promise<T>): Promise<T> {
  const late = new AbortController()
  const alarm = delay(SOON_MS, undefined, { signal: late.signal }).then(() =>
    assert.fail(`${what}: not within ${SOON_MS} ms`),
  )
  return Promise.race([promise, alarm]).finally(() => {
    late.abort()
    alarm.catch(() => undefined)
  })
}

describe('a client of a real daemon', { skip }, () => {
  let daemon: SecuredDaemon
  let env: Record<string, string>
  before(async () => {
    daemon = await startSecuredDaemon({ config: { usernsRemap: 'default' } })
    env = { HOME: '/nonexistent', ...daemon.clientEnv }
  })
  after(() => daemon.stop())

  test('connects by the variables of its own process', async (t) => {
    const own = { ...process.env }
    t.after(() => {
      for (const name of Object.keys(daemon.clientEnv)) delete process.env[name]
      Object.assign(process.env, own)
    })
    Object.assign(process.env, daemon.clientEnv)
    const docker = await connected(t)
    assert.equal(docker.endpoint.source, 'DOCKER_HOST')
    assert.equal(docker.apiVersion, testedEngine().api)
    assert.deepEqual(docker.warnings, [])
  })

  test("connects by the notes' own variable", async (t) => {
    const { DOCKER_HOST, ...others } = daemon.clientEnv
    const docker = await connected(t, {}, { ...others, DOCKER_HOST_IP: DOCKER_HOST })
    assert.equal(docker.endpoint.source, 'DOCKER_HOST_IP')
    assert.equal((await docker.ping()).apiVersion, testedEngine().api)
  })

  test('ping, version and info', async (t) => {
    const docker = await connected(t, {}, env)
    const ping = await docker.ping()
    assert.equal(ping.osType, 'linux')
    assert.match(ping.server ?? '', /^Docker\//)
    const version = await docker.version()
    const { stdout } = await runCommand(daemon.place.dockerd, ['--version'])
    assert.ok(stdout.includes(version.Version), `${stdout} is ${version.Version}`)
    assert.equal(version.ApiVersion, testedEngine().api)
    const info = await docker.info()
    assert.equal(info.DockerRootDir, join(daemon.place.folder, 'data', readRemapped()))
    assert.deepEqual(docker.dispatcher.peer?.tlsVersion, 'TLSv1.3')
    assert.equal(docker.dispatcher.peer?.client.commonName, 'tester')
  })

  test('connects over the local socket', async (t) => {
    const docker = await connected(t, { host: daemon.place.listen[0] })
    assert.equal(docker.apiVersion, testedEngine().api)
    assert.equal((await docker.version()).ApiVersion, testedEngine().api)
    assert.equal(docker.dispatcher.peer, undefined)
  })

  test('sends any request', async (t) => {
    const docker = await connected(t, {}, env)
    const { status, headers, body } = await docker.request({
      method: 'GET',
      path: '/containers/json',
      query: { all: true },
    })
    assert.equal(status, 200)
    assert.equal(headers['api-version'], testedEngine().api)
    assert.ok(Array.isArray(await json(body)))
  })

  test('a body that is no longer wanted may be destroyed, or left', async (t) => {
    const docker = await connected(t, {}, env)
    const endless = await docker.request({ method: 'GET', path: '/events' })
    endless.body.destroy()
    const complete = await docker.request({ method: 'GET', path: '/version' })
    await delay(50)
    complete.body.destroy()
    const left = await docker.request({ method: 'GET', path: '/info' })
    for await (const _ of left.body) break
    await docker.ping()
    await delay(50)
  })

  test('turns an answer of 404 into an error', async (t) => {
    const docker = await connected(t, {}, env)
    await assert.rejects(docker.request({ method: 'GET', path: '/containers/nothing/json' }), (error: unknown) => {
      assert.ok(error instanceof DockerApiError)
      assert.equal(error.code, 'ERR_API_NOT_FOUND')
      assert.deepEqual([error.status, error.method, error.path], [404, 'GET', '/containers/nothing/json'])
      assert.equal(error.daemonMessage, 'No such container: nothing')
      return true
    })
    await assert.rejects(docker.request({ method: 'GET', path: '/nonsense' }), { code: 'ERR_API_NOT_FOUND' })
  })

  test('speaks the version that it is told', async (t) => {
    const paths: string[] = []
    const note = (event: unknown): void => void paths.push((event as { path: string }).path)
    subscribe('docker-mtls:request', note)
    t.after(() => unsubscribe('docker-mtls:request', note))
    const docker = await connected(t, { apiVersion: '1.44' }, env)
    assert.equal(docker.apiVersion, '1.44')
    await docker.version()
    const byVariable = await connected(t, {}, { ...env, DOCKER_API_VERSION: 'v1.43' })
    await byVariable.version()
    assert.deepEqual(paths, ['/_ping', '/v1.44/version', '/_ping', '/v1.43/version'])
    await assert.rejects(connected(t, { apiVersion: '1.99' }, env), {
      code: 'ERR_API_VERSION_UNSUPPORTED',
      message: new RegExp(
        `with API version 1.99: the daemon serves API versions up to ${testedEngine().api}.\nRemove DOCKER_API_VERSION`,
      ),
    })
    await assert.rejects(connected(t, { apiVersion: '1.39' }, env), {
      code: 'ERR_API_VERSION_UNSUPPORTED',
      message: /with API version 1\.39: docker-mtls needs at least 1\.40\.\nRemove DOCKER_API_VERSION/,
    })
  })

  test("carries global fetch and undici's own request", async (t) => {
    const { dispatcher } = await connected(t, {}, env)
    const url = `${dispatcher.origin}/version`
    const fetched = await fetch(url, { dispatcher } as object)
    assert.equal(((await fetched.json()) as { ApiVersion: string }).ApiVersion, testedEngine().api)
    const { body } = await undiciRequest(url, { dispatcher })
    assert.equal(((await body.json()) as { ApiVersion: string }).ApiVersion, testedEngine().api)
  })

  test('ends with its block, and only once', async () => {
    let kept: DockerClient
    {
      await using docker = await connect({}, env)
      await docker.ping()
      kept = docker
    }
    await assert.rejects(kept.ping(), { code: 'ERR_CLIENT_CLOSED' })
    await kept.close()
  })

  test('close() ends a stream that is open', async (t) => {
    const docker = await connected(t, {}, env)
    const { body } = await docker.request({ method: 'GET', path: '/events' })
    const ended = assert.rejects(text(body), { code: 'ERR_CLIENT_CLOSED' })
    await soon('closing', docker.close())
    await soon('the end of the stream', ended)
  })

  // More than four, and more than there are connections for short calls.
  for (const [count, how] of [
    [4, 'fetch'],
    [4, 'request'],
    [20, 'fetch'],
    [20, 'request'],
  ] as const) {
    test(`${count} open streams by ${how} leave short calls their place`, async (t) => {
      const docker = await connected(t, {}, env)
      const warnings: Error[] = []
      const note = (warning: Error): void => void warnings.push(warning)
      process.on('warning', note)
      t.after(() => process.off('warning', note))
      const stop = new AbortController()
      const open = async (): Promise<unknown> => {
        const { signal } = stop
        if (how === 'request') return docker.request({ method: 'GET', path: '/events', signal })
        return fetch(`${docker.dispatcher.origin}/events`, { dispatcher: docker.dispatcher, signal } as object)
      }
      await soon('opening', Promise.all(Array.from({ length: count }, open)))
      const pings = Array.from({ length: 50 }, () => docker.ping({ signal: stop.signal }))
      await soon('pings', Promise.all(pings))
      stop.abort()
      await soon('a ping after them', docker.ping())
      assert.deepEqual(warnings, [], 'a signal may be shared by many calls')
    })
  }

  test('runs a command in a container, half-closes its input, and gets all of its output', async (t) => {
    const docker = await connected(t, {}, env)
    const container = await startContainer(docker, await makeImage(daemon))
    const input = randomBytes(1 << 20)
    const cat = await soon('cat', execute(docker, container, ['cat'], input))
    assert.equal(cat.exitCode, 0)
    assert.ok(cat.stdout.equals(input), `${cat.stdout.length} bytes came back of ${input.length}`)
    const failing = await soon('sh', execute(docker, container, ['sh', '-c', 'echo no >&2; exit 3']))
    assert.deepEqual([failing.exitCode, failing.stdout.toString(), failing.stderr.toString()], [3, '', 'no\n'])

    // The remapping that was rendered is in force: root in there is nobody out here.
    const { stdout } = await execute(docker, container, ['cat', '/proc/self/uid_map'])
    const [inside, outside, count] = stdout.toString().trim().split(/\s+/)
    assert.deepEqual([inside, `${outside}.${outside}`, count], ['0', readRemapped(), '65536'])
  })

  test('plain HTTP is refused by both sides', async () => {
    const { port } = daemon.place
    const [answer] = (await once(requestHttp({ port, path: '/_ping' }).end(), 'response')) as [IncomingMessage]
    assert.equal(answer.statusCode, 400)
    assert.equal((await text(answer)).trim(), 'Client sent an HTTP request to an HTTPS server.')
    const { ca, cert, key } = readClient(daemon)
    await assert.rejects(connect({ host: `http://127.0.0.1:${port}`, ca, cert, key }), {
      code: 'ERR_PLAINTEXT_REFUSED',
    })
    const socket = createDispatcher(parseHost(daemon.place.listen[0]))
    await assert.rejects(socket.request({ origin: `http://127.0.0.1:${port}`, path: '/_ping', method: 'GET' }), {
      code: 'ERR_WRONG_ORIGIN',
    })
    await socket.close()
  })

  test('no certificate, a foreign one, and a foreign CA', async () => {
    const host = daemon.host
    assert.throws(() => createDispatcher(parseHost(host)), { code: 'ERR_CLIENT_CERT_REQUIRED' })
    await assert.rejects(connect({ host }), { code: 'ERR_IDENTITY_REQUIRED' })
    const own = readClient(daemon)
    const foreign = await makeCast('p256')
    await assert.rejects(connect({ host, ...own, ...foreign.client }), { code: 'ERR_IDENTITY_ISSUER' })
    const passed = { host, ...own, ...foreign.client, foreignClientCa: true }
    await assert.rejects(connect(passed), { code: 'ERR_CLIENT_CERT_UNTRUSTED' })
    const distrusting = { host, ca: foreign.ca.cert, ...foreign.client }
    await assert.rejects(connect(distrusting), { code: 'ERR_SERVER_CERT_UNTRUSTED' })
  })
})

/** `UID.GID`: the folder that dockerd has for the users of `dockremap` (subuid(5)). */
function readRemapped(): string {
  const first = /^dockremap:(\d+):/m.exec(readFileSync('/etc/subuid', 'utf8'))?.[1]
  return `${first}.${first}`
}

function readClient({ client }: SecuredDaemon): { ca: string; cert: string; key: string } {
  const [ca, cert, key] = [client.ca, client.cert, client.key].map((file) => readFileSync(file, 'utf8'))
  assert.ok(ca && cert && key)
  return { ca, cert, key }
}

/** A stream that is open takes its connection: the next one needs a new one. */
async function openStream(docker: DockerClient): Promise<void> {
  const { body } = await soon('opening a stream', docker.request({ method: 'GET', path: '/events' }))
  body.on('error', () => undefined)
}

/** Sessions are there to be resumed, which is where trust could outlive its reason. */
async function resume(docker: DockerClient): Promise<void> {
  await openStream(docker)
  assert.equal(docker.dispatcher.peer?.resumed, true)
}

describe('what changes while a client is connected', { skip: skip || lacks('openssl') }, () => {
  let cast: Cast
  let daemon: Daemon
  before(async () => {
    cast = await makeCast('p256')
    daemon = await startPresenting({ ca: cast.ca.cert, ...cast.server })
  })
  after(() => daemon.stop())

  /** A client whose files may be replaced. */
  async function fromFolder(
    t: TestContext,
    options: { foreignClientCa?: boolean } = {},
  ): Promise<[DockerClient, string]> {
    const certPath = await writeCertFolder(join(await temporaryFolder(t), 'certs'), {
      ca: cast.ca.cert,
      ...cast.client,
    })
    const docker = await connected(t, { host: `tcp://localhost:${daemon.place.port}`, certPath, ...options })
    return [docker, certPath]
  }

  test("a client's certificate that was renewed is used for the next connection", async (t) => {
    const [docker, certPath] = await fromFolder(t)
    await resume(docker)
    const first = docker.dispatcher.peer?.client.fingerprint256
    const renewed = await makeClient(cast.ca, { commonName: 'renewed' })
    await writeCertFolder(certPath, renewed)
    await openStream(docker)
    assert.notEqual(docker.dispatcher.peer?.client.fingerprint256, first)
    assert.equal(docker.dispatcher.peer?.client.commonName, 'renewed')
    assert.equal(docker.dispatcher.peer?.resumed, false)
    await docker.ping()
  })

  test('a CA that was replaced by a foreign one ends the trust in the server, whatever was resumed before', async (t) => {
    const [docker, certPath] = await fromFolder(t, { foreignClientCa: true })
    await resume(docker)
    await writeCertFolder(certPath, { ca: cast.otherCa.cert })
    await assert.rejects(openStream(docker), { code: 'ERR_SERVER_CERT_UNTRUSTED' })
    await assert.rejects(openStream(docker), { code: 'ERR_SERVER_CERT_UNTRUSTED' })
    await writeCertFolder(certPath, { ca: cast.ca.cert })
    await openStream(docker)
  })

  test('so does a whole set of another authority', async (t) => {
    const [docker, certPath] = await fromFolder(t)
    await resume(docker)
    const foreign = await makeCast('p256')
    await writeCertFolder(certPath, { ca: foreign.ca.cert, ...foreign.client })
    await assert.rejects(openStream(docker), { code: 'ERR_SERVER_CERT_UNTRUSTED' })
  })

  test('a daemon that is restarted is found again, also with a new certificate of the same CA', async (t) => {
    const [docker] = await fromFolder(t)
    for (const server of [cast.server, await makeServer(cast.ca)]) {
      await daemon.stop({ keep: true })
      await assert.rejects(docker.ping(), isConnectionLost)
      daemon = await startPresenting({ ca: cast.ca.cert, ...server }, daemon.place)
      await docker.ping().catch((error: unknown) => assert.ok(isConnectionLost(error), String(error)))
      await docker.ping()
    }
  })

  test('a restart between two calls costs at most one of them', async (t) => {
    const [docker] = await fromFolder(t)
    await daemon.stop({ keep: true })
    daemon = await startPresenting({ ca: cast.ca.cert, ...cast.server }, daemon.place)
    await docker.version().catch((error: unknown) => assert.ok(isConnectionLost(error), String(error)))
    assert.equal((await docker.version()).ApiVersion, testedEngine().api)
  })

  test('a daemon that comes back with a certificate of another CA is refused', async (t) => {
    const [docker] = await fromFolder(t)
    const foreign = await makeCast('p256')
    await daemon.stop({ keep: true })
    daemon = await startPresenting({ ca: cast.ca.cert, ...foreign.server }, daemon.place)
    await docker.ping().catch(() => undefined)
    await assert.rejects(docker.ping(), { code: 'ERR_SERVER_CERT_UNTRUSTED' })
  })
})

function isConnectionLost(error: unknown): boolean {
  return isDockerMtlsError(error, 'ERR_CONNECTION_RESET', 'ERR_CONNECTION_CLOSED', 'ERR_CONNECTION_REFUSED')
}
