import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { describe, test, type TestContext } from 'node:test'
import { NEWEST_API_VERSION } from '../../lib/base/api-version.ts'
import { connect } from '../../lib/index.ts'
import { definePolicy, LEVELS, type Level } from '../../lib/policy.ts'
import { collect } from '../../lib/transport/send.ts'
import type { WireAnswer } from '../../lib/transport/collector.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { writeClient } from '../transport/support/credentials.ts'
import { credentials, dial, dispatcherTo, fakeDaemon, front, readUntil, type FakeDaemon } from './support/fixture.ts'

const NEWEST = NEWEST_API_VERSION
const TOO_NEW = { message: `client version 1.99 is too new. Maximum supported API version is ${NEWEST}` }

/** A daemon that serves API versions up to one, which it says in all answers. */
const serving =
  (version: () => string): RequestListener =>
  ({ url = '', method }, response) => {
    response.setHeader('Api-Version', version())
    const Components = [{ Name: 'Engine', Details: { ApiVersion: version(), MinAPIVersion: '1.44' } }, { Name: 'runc' }]
    if (url.endsWith('/version'))
      response.end(JSON.stringify({ ApiVersion: version(), MinAPIVersion: '1.44', Components }))
    else if (url.endsWith('/absent/json')) response.writeHead(404).end('{"message":"none"}')
    else response.end(method === 'HEAD' ? undefined : url.endsWith('/containers/json') ? '[]' : 'OK')
  }

interface Place {
  readonly daemon: FakeDaemon
  readonly ask: (line: string) => Promise<WireAnswer>
  readonly port: number
  /** How often the gateway has asked for the version. */
  readonly pings: () => number
}

async function place(t: TestContext, level: Level | 'function', version: () => string = () => '1.99'): Promise<Place> {
  let pings = 0
  const daemon = await fakeDaemon(t, {
    answer: serving(version),
    ping: (request, response) => {
      pings++
      serving(version)(request, response)
    },
    upgrade: (_, socket) => {
      const head = `HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nApi-Version: ${version()}\r\n\r\n`
      socket.end(head)
    },
  })
  const policy = definePolicy({
    version: 1,
    rules: [{ name: 'all', who: { any: true }, level: level === 'function' ? 'baseline' : level }],
  })
  const judge = level === 'function' ? {} : { authorize: undefined, policy }
  const { port } = await front(t, { socketPath: daemon.socketPath }, judge)
  const dispatcher = await dispatcherTo(t, port)
  const ask = (line: string): Promise<WireAnswer> => {
    const [method = '', path = ''] = line.split(' ')
    return collect(dispatcher, { method, path })
  }
  return { daemon, ask, port, pings: () => pings }
}

describe('in front of a daemon that is newer than docker-mtls', () => {
  for (const level of [...LEVELS, 'function'] as const)
    test(`a gateway tells and serves what it knows, at ${level}`, async (t) => {
      const { daemon, ask, port } = await place(t, level)
      const asked = [
        'GET /_ping',
        'HEAD /_ping',
        `GET /v${NEWEST}/containers/json`,
        'GET /v1.44/containers/json',
        `GET /v${NEWEST}/containers/absent/json`,
        `GET /v${NEWEST}/version`,
      ]
      for (const line of asked) {
        const { headers } = await ask(line)
        assert.equal(headers['api-version'], NEWEST, line)
        assert.equal(headers['x-docker-mtls-daemon-api'], '1.99', line)
      }
      assert.ok(daemon.requests.includes('GET /v1.44/containers/json'))
      const version = JSON.parse((await ask('GET /version')).body.toString()) as object
      const Details = { ApiVersion: NEWEST, MinAPIVersion: '1.44' }
      const Components = [{ Name: 'Engine', Details }, { Name: 'runc' }]
      assert.deepEqual(version, { ApiVersion: NEWEST, MinAPIVersion: '1.44', Components })
      for (const line of ['GET /v1.99/containers/json', 'GET /v1.99/_ping', 'POST /%76%31.99/containers/create']) {
        const { status, headers, body } = await ask(line)
        assert.deepEqual([status, JSON.parse(body.toString())], [400, TOO_NEW], line)
        assert.deepEqual([headers['api-version'], headers['x-docker-mtls-reason']], [NEWEST, 'VERSION_UNKNOWN'])
      }
      assert.equal(daemon.requests.filter((line) => line.includes('99')).length, 0)
      const socket = await dial(t, port)
      socket.write('GET / HTTP/1.0\r\nHost: x\r\n\r\n')
      assert.match(await readUntil(socket, /\}/), new RegExp(`\r\nApi-Version: ${NEWEST}\r\n`))
    })

  test('a request without a version goes to the daemon with the one by which it was judged', async (t) => {
    const { daemon, ask, pings } = await place(t, 'baseline')
    assert.equal((await ask('GET /containers/json')).status, 200)
    assert.equal((await ask('GET /containers/json?all=true')).status, 200)
    assert.deepEqual(daemon.requests, [`GET /v${NEWEST}/containers/json`, `GET /v${NEWEST}/containers/json?all=true`])
    assert.equal(pings(), 1)
  })

  test('an inspection, too, is in a version that can be judged', async (t) => {
    const { daemon, ask } = await place(t, 'baseline')
    await ask(`POST /v${NEWEST}/containers/absent/start`)
    const inspected = daemon.requests.filter((line) => line.endsWith('/absent/json'))
    assert.equal(inspected.at(-1), `GET /v${NEWEST}/containers/absent/json`)
  })

  test('a refusal of the policy, and an upgrade, say the known version', async (t) => {
    const { ask } = await place(t, 'read-only')
    await ask('GET /_ping')
    const refused = await ask(`POST /v${NEWEST}/containers/prune`)
    assert.deepEqual([refused.status, refused.headers['api-version']], [403, NEWEST])
    const { port: other } = await place(t, 'function')
    const socket = await dial(t, other)
    socket.write(
      `POST /v${NEWEST}/containers/a/attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`,
    )
    const head = await readUntil(socket, '\r\n\r\n')
    assert.match(head, new RegExp(`^HTTP/1.1 101 [^]*\r\nApi-Version: ${NEWEST}\r\n`))
  })

  test('our client negotiates down, and a newer pin gets what it would get from dockerd', async (t) => {
    const { port } = await place(t, 'baseline')
    const certPath = await temporaryFolder(t)
    await writeClient(certPath, credentials.client)
    const docker = await connect({ host: `tcp://localhost:${port}`, certPath })
    t.after(() => docker.close())
    assert.equal(docker.apiVersion, NEWEST)
    assert.equal((await docker.version()).ApiVersion, NEWEST)
    assert.deepEqual(await docker.containers.list(), [])
    const pinned = connect({ host: `tcp://localhost:${port}`, certPath, apiVersion: '1.99' })
    await assert.rejects(pinned, { code: 'ERR_API_VERSION_UNSUPPORTED' })
  })

  test('a question about a newer version is answered like the request', async (t) => {
    const { port } = await place(t, 'privileged')
    const { body } = await collect(await dispatcherTo(t, port), {
      method: 'POST',
      path: '/_docker-mtls/may',
      headers: { 'x-docker-mtls-method': 'GET', 'x-docker-mtls-target': '/v1.99/info' },
    })
    const { allowed, reasons } = JSON.parse(body.toString()) as { allowed: boolean; reasons: object[] }
    assert.deepEqual([allowed, reasons], [false, [{ code: 'VERSION_UNKNOWN', ...TOO_NEW }]])
  })
})

test('an older daemon gets its own version, also after its upgrade, and says itself what is too new for it', async (t) => {
  let version = '1.45'
  const { daemon, ask } = await place(t, 'baseline', () => version)
  assert.equal((await ask('GET /containers/json')).headers['api-version'], '1.45')
  version = '1.47'
  assert.equal((await ask('GET /v1.47/containers/json')).headers['api-version'], '1.47')
  const { headers } = await ask('GET /containers/json')
  assert.equal(headers['x-docker-mtls-daemon-api'], undefined)
  const newer = JSON.parse((await ask('GET /v1.99/info')).body.toString()) as object
  assert.deepEqual(newer, { message: 'client version 1.99 is too new. Maximum supported API version is 1.47' })
  assert.deepEqual(daemon.requests, [
    'GET /v1.45/containers/json',
    'GET /v1.47/containers/json',
    'GET /v1.47/containers/json',
  ])
})

test('a daemon that says no version gets requests without one as they arrive, and is asked with each: dockerd may take its place', async (t) => {
  let pings = 0
  const daemon = await fakeDaemon(t, { ping: (_, response) => (pings++, void response.end()) })
  const policy = definePolicy({ version: 1, rules: [{ name: 'all', who: { any: true }, level: 'privileged' }] })
  const { port } = await front(t, { socketPath: daemon.socketPath }, { authorize: undefined, policy })
  const dispatcher = await dispatcherTo(t, port)
  for (const path of ['/info', '/info']) await collect(dispatcher, { method: 'GET', path })
  assert.deepEqual(daemon.requests, ['GET /info', 'GET /info'])
  assert.equal(pings, 2)
})
