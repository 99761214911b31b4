import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, test, type TestContext } from 'node:test'
import {
  createGateway,
  type AskedRequest,
  type GatewayEvent,
  type GatewayOptions,
  type Verdict,
} from '../../../lib/gateway.ts'
import { connect, type DockerClient } from '../../../lib/index.ts'
import { definePolicy } from '../../../lib/policy.ts'
import { OPERATIONS } from '../../../lib/policy/operations.ts'
import { fakeDaemon, type FakeDaemon } from '../../gateway/support/fixture.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { CALLS } from '../operations-table.ts'

interface Scene {
  readonly docker: DockerClient
  readonly daemon: FakeDaemon
  readonly socket: string
  readonly events: readonly GatewayEvent[]
}

const CONTAINER = {
  Id: 'ab12'.repeat(16),
  Name: '/web',
  State: {},
  Config: { Image: 'x' },
  HostConfig: { NetworkMode: 'none' },
  NetworkSettings: { Networks: {} },
}

/** A client of a gateway on a local socket, in front of a daemon that notes what it gets. */
async function scene(t: TestContext, options: Partial<GatewayOptions>): Promise<Scene> {
  const daemon = await fakeDaemon(t, {
    answer: ({ url = '' }, response) => {
      const isFound = url === '/containers/web/json'
      const isPing = url.endsWith('/_ping')
      response.writeHead(isFound || isPing ? 200 : 404, { 'Api-Version': '1.55', 'Content-Type': 'application/json' })
      response.end(isPing ? 'OK' : JSON.stringify(isFound ? CONTAINER : { message: 'none' }))
    },
  })
  const socket = join(await temporaryFolder(t), 'agent.sock')
  const events: GatewayEvent[] = []
  const gateway = await createGateway({
    listen: { socket, as: 'agent' },
    daemon: { socketPath: daemon.socketPath },
    log: (event) => events.push(event),
    ...options,
  })
  t.after(() => gateway.close())
  const docker = await connect({ host: `unix://${socket}` }, {})
  t.after(() => docker.close())
  return { docker, daemon, socket, events }
}

const rule = (more: object): GatewayOptions['policy'] =>
  definePolicy({ version: 1, rules: [{ name: 'agent', who: { socket: 'agent' }, level: 'baseline', ...more }] })

/** A question as a function of the gateway sees it, or the request itself. */
function shapeOf({ method, target, headers, body, upgrade }: AskedRequest): object {
  const type = headers['content-type']
  const text = body instanceof Uint8Array ? Buffer.from(body).toString() : body
  return { method, target, upgrade, body: text, ...(type !== undefined && body !== 'unseen' && { type }) }
}

/** Notes the name and the arguments of a call, as `may()` takes them. */
function noting(noted: unknown[], words: readonly string[] = []): unknown {
  return new Proxy(() => undefined, {
    get: (_, word) => noting(noted, [...words, String(word)]),
    apply: (_, __, args) => void noted.push(words.join('.'), ...args),
  })
}

describe('every operation', () => {
  test('is judged as if it were sent, and not sent', async (t) => {
    const asked: AskedRequest[] = []
    const refuse = { allow: false, status: 403, code: 'NO', message: 'no' } as const
    let isConnected = false
    const authorize = (one: AskedRequest): Verdict => {
      if (!isConnected) return { allow: true }
      asked.push(one)
      return refuse
    }
    const { docker, daemon, events } = await scene(t, { authorize })
    isConnected = true
    const before = daemon.requests.length
    const operations = new Set<string>()
    for (const [row, call] of Object.entries(CALLS)) {
      const options = row === 'images.build' ? { builder: 'classic' } : {}
      const given = { a: 'one', b: 'two', body: {}, options }
      const noted: unknown[] = []
      void call(noting(noted) as DockerClient, given)
      const [name, ...args] = noted as [string, ...unknown[]]
      const answer = await docker.may(name as never, ...(args as never))
      assert.deepEqual(answer, { allowed: false, reasons: [{ code: 'NO', message: 'no' }], warnings: [] }, row)
      await assert.rejects(async () => call(docker, given), row)
      const [question, sent] = asked.splice(0)
      assert.ok(question && sent, row)
      assert.deepEqual([question.isQuestion, sent.isQuestion], [true, undefined])
      assert.deepEqual(shapeOf(question), shapeOf(sent), row)
      operations.add(row.split(' ')[0] ?? '')
    }
    assert.deepEqual(daemon.requests.slice(before), [])
    assert.equal(
      events.some(({ event }) => event === 'begin'),
      false,
    )
    const missing = OPERATIONS.map(({ name }) => name).filter((name) => !operations.has(name))
    assert.deepEqual(missing, [])
  })
})

/** Allows what is called web. */
const allowWeb = ({ target }: AskedRequest): Verdict => {
  if (target.endsWith('/_ping')) return { allow: true }
  if (target.includes('fails')) throw new Error('no database')
  return target.includes('web') ? { allow: true, warnings: ['soon'] } : ({ allow: 'yes' } as never)
}

describe('the answer of a policy', () => {
  test('has all reasons, the rule and its level; the daemon is asked only about what the call names', async (t) => {
    const { docker, daemon, events } = await scene(t, {
      policy: rule({ level: { enforce: 'baseline', warn: 'restricted' }, until: '2999-01-01T00:00:00Z' }),
    })
    daemon.requests.length = 0
    const body = { Image: 'alpine', HostConfig: { Privileged: true, Binds: ['/:/host'] } }
    const answer = await docker.may('containers.create', body, { name: 'x' })
    assert.deepEqual(
      [answer.allowed, answer.operation, answer.rule, answer.level, answer.until],
      [false, 'containers.create', 'agent', 'baseline', undefined],
    )
    assert.deepEqual(
      answer.reasons.map(({ code, where }) => [code, where]),
      [
        ['PRIVILEGED', 'HostConfig.Privileged'],
        ['HOST_PATH', 'HostConfig.Binds.0'],
      ],
    )
    assert.ok(answer.reasons.every(({ message }) => message.length > 0))
    const allowed = await docker.may('containers.create', { Image: 'alpine' })
    assert.deepEqual([allowed.allowed, allowed.reasons, allowed.until], [true, [], '2999-01-01T00:00:00.000Z'])
    assert.ok(allowed.warnings.some((warning) => warning.includes('NOT_HARDENED')))
    assert.equal((await docker.may('containers.start', 'web')).allowed, true)
    const unknown = await docker.may('exec.create', 'gone', { Cmd: ['sh'] })
    assert.deepEqual(
      unknown.reasons.map(({ code }) => code),
      ['TARGET_UNKNOWN'],
    )
    assert.deepEqual(daemon.requests, ['GET /containers/web/json', 'GET /containers/gone/json'])
    const last = events.findLast((event) => event.event === 'request')
    assert.ok(last?.event === 'request')
    assert.deepEqual(
      [last.path, last.operation, last.status, last.verdict],
      ['/_docker-mtls/may', 'exec.create', 200, undefined],
    )
  })

  test('about hijacked connections and archives, which are not read', async (t) => {
    const { docker, daemon } = await scene(t, { policy: rule({ deny: { operations: ['images.load'] } }) })
    daemon.requests.length = 0
    const archive = Readable.from([Buffer.alloc(1024)])
    const answers = [
      await docker.may('containers.attach', 'web', { stdin: true }),
      await docker.may('containers.attachWebSocket', 'web'),
      await docker.may('images.load', archive),
      await docker.may('containers.archive.put', 'web', '/', archive),
      await docker.may('session.open', 'id'),
    ]
    assert.deepEqual(
      answers.map(({ operation, allowed }) => `${operation} ${allowed}`),
      [
        'containers.attach true',
        'containers.attachWebSocket true',
        'images.load false',
        'containers.archive.put true',
        'session.open true',
      ],
    )
    assert.equal(archive.readableDidRead, false)
    assert.equal(archive.destroyed, false)
    assert.deepEqual([...new Set(daemon.requests)], ['GET /containers/web/json'])
  })

  test('of an owner tells no more than a refusal does', async (t) => {
    const { docker } = await scene(t, { policy: rule({ owner: 'team' }) })
    // One exists and belongs to nobody, the other one doesn't exist.
    const answers = [await docker.may('containers.remove', 'web'), await docker.may('containers.remove', 'gone')]
    assert.deepEqual(
      answers.map(({ reasons }) => reasons),
      [
        [{ code: 'NOT_FOUND', message: 'No such container: web', where: 'the path' }],
        [{ code: 'NOT_FOUND', message: 'No such container: gone', where: 'the path' }],
      ],
    )
  })

  test('of a function: its own, or that it failed', async (t) => {
    const { docker, daemon } = await scene(t, { authorize: allowWeb })
    daemon.requests.length = 0
    assert.deepEqual(await docker.may('containers.start', 'web'), { allowed: true, reasons: [], warnings: ['soon'] })
    assert.deepEqual((await docker.may('containers.start', 'db')).reasons, [
      { code: 'REFUSED', message: 'docker-mtls gateway: refused' },
    ])
    await assert.rejects(docker.may('containers.start', 'fails'), { code: 'ERR_API_UNAVAILABLE', status: 503 })
    assert.deepEqual(daemon.requests, [])
  })
})

describe('a call that can’t be asked about', () => {
  test('is refused before anything is sent', async (t) => {
    const { docker, daemon, events } = await scene(t, { policy: rule({}) })
    daemon.requests.length = 0
    const sent = events.length
    const rows: readonly (readonly [name: string, args: readonly unknown[], says: RegExp])[] = [
      ['containers.creat', [{}], /there is no call of this name/],
      ['create', [{}], /there is no call of this name/],
      ['containers.constructor', [], /there is no call of this name/],
      ['dispatcher.dispatch', [{}], /another request first, or several/],
      ['toJSON.toString', [], /there is no call of this name/],
      ['', [], /there is no call of this name/],
      ['exec.run', ['web', ['sh']], /another request first, or several/],
      ['containers.waitHealthy', ['web'], /another request first, or several/],
      ['containers.ensureRemoved', ['web'], /another request first, or several/],
      ['containers.create', [{ Image: 'a' }, { pull: 'always' }], /another request first, or several/],
      ['containers.create', [{ Imag: 'a' }], /Imag/],
      ['containers.start', [''], /containers\.start\(\)/],
    ]
    for (const [name, args, says] of rows)
      await assert.rejects(docker.may(name as never, ...(args as never)), (error: Error & { code: string }) => {
        assert.match(`${error.code} ${error.message}`, says, name)
        return true
      })
    await assert.rejects(
      docker.may('containers.start', 'web', { signal: AbortSignal.abort(new Error('mine')) }),
      /mine/,
    )
    assert.deepEqual(daemon.requests, [])
    assert.equal(events.length, sent)
  })

  test('is refused by a server that is no gateway, which carries nothing out', async (t) => {
    const answers: Readonly<Record<string, readonly [number, string]>> = {
      'a daemon': [404, '{"message":"page not found"}'],
      'a server that accepts everything': [200, '{}'],
      'another answer': [200, '{"allowed":true}'],
      'an answer that contradicts itself': [
        200,
        '{"allowed":true,"reasons":[{"code":"NO","message":"no"}],"warnings":[]}',
      ],
      text: [200, 'OK'],
      'a proxy': [403, 'forbidden'],
    }
    for (const [what, [status, text]] of Object.entries(answers)) {
      const requests: string[] = []
      const server = createServer((request, response) => {
        requests.push(`${request.method} ${request.url}`)
        const isPing = request.url === '/_ping'
        response.writeHead(isPing ? 200 : status, {
          'Api-Version': '1.47',
          'Content-Type': isPing ? 'text/plain' : 'application/json',
        })
        response.end(isPing ? 'OK' : text)
      })
      const path = join(await temporaryFolder(t), 'd.sock')
      server.listen(path)
      await once(server, 'listening')
      t.after(() => void server.close())
      const docker = await connect({ host: `unix://${path}` }, {})
      await assert.rejects(docker.may('containers.create', { Image: 'alpine' }), { code: 'ERR_GATEWAY_REQUIRED' }, what)
      assert.deepEqual(requests, ['GET /_ping', 'POST /_docker-mtls/may'], what)
      await docker.close()
    }
  })
})

test('a question that is none is refused', async (t) => {
  const { docker, daemon } = await scene(t, { authorize: () => ({ allow: true }) })
  daemon.requests.length = 0
  const fields = { 'x-docker-mtls-method': 'POST', 'x-docker-mtls-target': '/containers/x/start' }
  const rows: readonly (readonly [method: string, path: string, headers: Readonly<Record<string, string>>])[] = [
    ['POST', '/_docker-mtls/may', {}],
    ['POST', '/_docker-mtls/may', { 'x-docker-mtls-method': 'POST' }],
    ['POST', '/_docker-mtls/may', { ...fields, 'x-docker-mtls-target': 'http://x/' }],
    ['POST', '/_docker-mtls/may', { ...fields, 'x-docker-mtls-target': '//x' }],
    ['POST', '/_docker-mtls/may', { ...fields, 'x-docker-mtls-method': 'PATCH' }],
    ['POST', '/_docker-mtls/may', { ...fields, 'x-docker-mtls-target': '/_docker-mtls/may' }],
    ['POST', '/_docker-mtls/may', { ...fields, 'x-docker-mtls-upgrade': 'h2c' }],
    ['POST', '/_docker-mtls/may?x=1', fields],
    ['GET', '/_docker-mtls/may', fields],
    ['DELETE', '/_docker-mtls/may', fields],
  ]
  const { dispatcher } = docker
  for (const [method, path, headers] of rows) {
    const {
      statusCode,
      body,
      headers: answered,
    } = await dispatcher.request({ origin: dispatcher.origin, method, path, headers })
    assert.deepEqual(
      [statusCode, answered['x-docker-mtls-reason']],
      [400, 'MALFORMED_REQUEST'],
      `${method} ${path} ${await body.text()}`,
    )
  }
  assert.deepEqual(daemon.requests, [])
})
