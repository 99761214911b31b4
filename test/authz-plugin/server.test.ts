import assert from 'node:assert/strict'
import { request, type IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { AuthzPlugin } from '../../lib/authz-plugin/server.ts'
import { definePolicy } from '../../lib/policy.ts'
import { fakeDaemon, newClient } from '../gateway/support/fixture.ts'
import { daysFromNow, makeCertificate } from '../support/openssl-certs.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder, type Cleanable } from '../support/temporary.ts'

interface Answer {
  readonly Allow?: boolean
  readonly Msg?: string
}

const POLICY = definePolicy({
  version: 1,
  rules: [
    { name: 'ann', who: { commonName: 'ann' }, level: 'baseline' },
    { name: 'bob', who: { commonName: 'bob' }, level: 'baseline', owner: 'team-a' },
    { name: 'host', who: { socket: 'host' }, level: 'read-only' },
  ],
})
const ID = 'ab12'.repeat(16)
const CONTAINER = {
  Id: ID,
  Name: '/web',
  State: {},
  Config: { Image: 'x' },
  HostConfig: { NetworkMode: 'none' },
  NetworkSettings: { Networks: {} },
}
const LIST = { RequestMethod: 'GET', RequestUri: '/v1.45/containers/json' }
const EXEC = {
  RequestMethod: 'POST',
  RequestUri: '/v1.45/containers/web/exec',
  RequestHeaders: { 'Content-Type': 'application/json' },
  RequestBody: Buffer.from('{"Cmd":["id"]}').toString('base64'),
}

function ask(socketPath: string, path: string, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, method: 'POST', agent: false }, (answer) =>
      resolve(json(answer) as Promise<Answer>),
    )
    asked.once('error', reject).end(body)
  })
}

const certified = (pem: string): object => ({
  User: 'ann',
  UserAuthNMethod: 'TLS',
  RequestPeerCertificates: [Buffer.from(pem).toString('base64')],
})

interface Started {
  readonly plugin: AuthzPlugin
  readonly asks: (question: object | string) => Promise<Answer>
  readonly path: (path: string) => Promise<Answer>
  readonly failures: unknown[]
  readonly warnings: string[]
  /** What the plugin has asked the daemon. */
  readonly heard: { readonly url: string; readonly headers: IncomingHttpHeaders }[]
  /** The answers to its own questions, and to what is asked beside them. */
  readonly own: Answer[]
}

interface Options {
  readonly localName?: string
  /** What dockerd asks about a question of the plugin, while that is open. */
  readonly asAsked?: (own: object) => readonly object[]
  /** The daemon's answers about networks and itself, by the path. */
  readonly networks?: Readonly<Record<string, unknown>>
}

/** A daemon that asks the plugin about each request, as dockerd does. */
async function start(
  t: Cleanable,
  { localName, asAsked = (own) => [own], networks = {} }: Options = {},
): Promise<Started> {
  const heard: Started['heard'] = []
  const own: Answer[] = []
  const socket = join(await temporaryFolder(t), 'p.sock')
  const asks = (question: object | string): Promise<Answer> =>
    ask(socket, '/AuthZPlugin.AuthZReq', typeof question === 'string' ? question : JSON.stringify(question))
  const answers: Readonly<Record<string, unknown>> = {
    '/version': { Version: '26.1.5' },
    '/containers/web/json': CONTAINER,
    '/networks': [],
    ...networks,
  }
  const daemon = await fakeDaemon(t, {
    answer: (asked, response) => {
      const { url = '', headers } = asked
      heard.push({ url, headers })
      if (url === '/containers/silent/json') return
      void (async () => {
        for (const one of asAsked({ RequestMethod: 'GET', RequestUri: url, RequestHeaders: headers }))
          own.push(await asks(one))
        const { Allow, Msg } = own.at(-1) ?? {}
        const found = answers[url]
        response.writeHead(Allow === true ? (found === undefined ? 404 : 200) : 403, {
          'Content-Type': 'application/json',
        })
        response.end(JSON.stringify(Allow === true ? (found ?? { message: 'none' }) : { message: Msg }))
      })()
    },
  })
  const [failures, warnings]: [unknown[], string[]] = [[], []]
  const plugin = new AuthzPlugin({
    socket,
    daemon: daemon.socketPath,
    localName,
    onBypass: (warning) => warnings.push(warning),
    onFailure: (error) => failures.push(error),
  })
  plugin.policy = POLICY
  await plugin.listen()
  t.after(() => plugin.close())
  return { plugin, asks, path: (path) => ask(socket, path, '{}'), failures, warnings, heard, own }
}

const networkOf = (Id: string, Name: string): object => ({ Id, Name, Driver: 'bridge' })

describe('what dockerd asks', { skip: lacks('openssl') }, () => {
  test('activation, answers, and what no dockerd asks', async (t) => {
    const { path, failures } = await start(t)
    assert.deepEqual(await path('/Plugin.Activate'), { Implements: ['authz'] })
    assert.deepEqual(await path('/AuthZPlugin.AuthZRes'), { Allow: true })
    assert.equal((await path('/VolumeDriver.List')).Allow, false)
    assert.equal(failures.length, 1)
  })

  test('a version that is newer than docker-mtls knows is judged by the newest that it knows', async (t) => {
    const { asks } = await start(t, { localName: 'host' })
    const asked = async (target: string): Promise<Answer> => asks({ ...LIST, RequestUri: target })
    assert.deepEqual(await asked('/v1.99/containers/json'), { Allow: true })
    assert.match((await asked('/v1.99/news')).Msg ?? '', /\(OPERATION_UNKNOWN\)/)
    assert.match((await asked('/v1.99/containers/json?news=1')).Msg ?? '', /\(QUERY_UNKNOWN\)/)
  })

  test('the name of a network is refused if dockerd could take another one', async (t) => {
    // A swarm has other ids, whose beginning an inspection takes before a name, and the creation of a container doesn't.
    const [own, hidden, swarm] = [
      networkOf('f1', 'zz1'),
      networkOf('f2', 'ipk5'),
      networkOf('ipk5zzcpgzximza1y74no5py2', 'ov'),
    ]
    const networks = {
      '/networks': [own, hidden, swarm, networkOf('zz1cpgzximza1y74no5py2abc', 'x'), networkOf('f3', 'web')],
      '/networks/zz1': own,
      '/networks/ipk5': swarm,
      '/networks/web': networkOf('f3', 'web'),
    }
    const { asks } = await start(t, { networks })
    const ann = certified((await newClient('ann')).cert)
    const create = async (NetworkMode: string): Promise<string> => {
      const body = JSON.stringify({ Image: 'a', HostConfig: { NetworkMode } })
      const asked = {
        ...EXEC,
        RequestUri: '/v1.45/containers/create',
        RequestBody: Buffer.from(body).toString('base64'),
      }
      return (await asks({ ...asked, ...ann })).Msg ?? ''
    }
    assert.equal(await create('web'), '')
    for (const name of ['zz1', 'ipk5']) assert.match(await create(name), /whose id begins with it.*TARGET_UNKNOWN/)
  })

  test('a runtime is that of the daemon, which is asked once', async (t) => {
    const { asks, heard } = await start(t, { networks: { '/info': { DefaultRuntime: 'runsc' } } })
    const ann = certified((await newClient('ann')).cert)
    const create = async (Runtime: string): Promise<string> => {
      const body = Buffer.from(JSON.stringify({ Image: 'a', HostConfig: { NetworkMode: 'none', Runtime } }))
      const asked = { ...EXEC, RequestUri: '/v1.45/containers/create', RequestBody: body.toString('base64') }
      return (await asks({ ...asked, ...ann })).Msg ?? ''
    }
    assert.deepEqual([await create(''), await create('runsc')], ['', ''])
    assert.match(await create('runc'), /the runtime is runc.*\(RUNTIME\)$/)
    assert.equal(heard.filter(({ url }) => url === '/info').length, 1)
  })

  test('is judged by the policy, and refused without one', async (t) => {
    const { plugin, asks, failures, warnings } = await start(t)
    const ann = certified((await newClient('ann')).cert)
    assert.deepEqual(await asks({ ...LIST, ...ann }), { Allow: true })
    assert.deepEqual(await asks({ ...EXEC, ...ann }), { Allow: true })
    const gone = await asks({ ...EXEC, ...ann, RequestUri: '/containers/gone/exec' })
    assert.match(gone.Msg ?? '', /^the rule ann \(baseline\) refuses this: .*\([A-Z_]+\)$/)
    assert.equal((await asks({ ...LIST, ...certified((await newClient('eve')).cert) })).Allow, false)
    plugin.policy = undefined
    assert.match((await asks({ ...LIST, ...ann })).Msg ?? '', /the policy file .* can't be used/)
    assert.deepEqual(failures, [])
    assert.equal(warnings.length, 1)
  })

  test('is judged by a rule that ends, as long as it lasts', async (t) => {
    const { plugin, asks, failures } = await start(t)
    const ann = certified((await newClient('ann')).cert)
    const rule = { name: 'brief', who: { commonName: 'ann' }, level: 'baseline' }
    for (const [until, isAllowed] of [
      ['2999-01-01T00:00:00Z', true],
      ['2026-01-01T00:00:00Z', false],
    ] as const) {
      plugin.policy = definePolicy({ version: 1, rules: [{ ...rule, until }] })
      const { Allow, Msg = '' } = await asks({ ...LIST, ...ann })
      assert.deepEqual([Allow, Msg.includes('RULE_ENDED')], [isAllowed, !isAllowed])
    }
    assert.deepEqual(failures, [])
  })

  test('is refused with an owner if it, or its answer, would have to change', async (t) => {
    const { asks, failures } = await start(t)
    const bob = certified((await newClient('bob')).cert)
    const headers = { 'Content-Type': 'application/json' }
    const network = { RequestHeaders: headers, RequestBody: Buffer.from('{"Name":"x"}').toString('base64') }
    for (const question of [
      LIST,
      { RequestMethod: 'GET', RequestUri: '/v1.45/info' },
      { RequestMethod: 'GET', RequestUri: '/v1.45/networks' },
      { RequestMethod: 'POST', RequestUri: '/v1.45/networks/create', ...network },
    ]) {
      const { Allow, Msg = '' } = await asks({ ...question, ...bob })
      assert.deepEqual([Allow, /\((\w+)\)$/.exec(Msg)?.[1]], [false, 'OWNER_UNSUPPORTED'], question.RequestUri + Msg)
    }
    assert.deepEqual(await asks({ RequestMethod: 'GET', RequestUri: '/v1.45/version', ...bob }), { Allow: true })
    assert.deepEqual(failures, [])
  })

  test('without a certificate', async (t) => {
    const unnamed = await start(t)
    assert.match((await unnamed.asks(LIST)).Msg ?? '', /no client certificate.*--local-name.*IDENTITY_UNKNOWN/)
    const named = await start(t, { localName: 'host' })
    assert.deepEqual(await named.asks(LIST), { Allow: true })
    assert.equal((await named.asks(EXEC)).Allow, false)
    assert.equal((await named.asks({ ...LIST, User: 'ann', UserAuthNMethod: 'TLS' })).Allow, false)
  })

  test('with a certificate that has expired since, isn’t valid yet, or is none', async (t) => {
    const { asks, failures } = await start(t)
    for (const [from, to] of [
      [-10, -1],
      [1, 10],
    ] as const) {
      const { cert } = await makeCertificate({ commonName: 'ann', from: daysFromNow(from), to: daysFromNow(to) })
      assert.match((await asks({ ...LIST, ...certified(cert) })).Msg ?? '', /CERTIFICATE_EXPIRED/)
    }
    assert.match((await asks({ ...LIST, ...certified('none') })).Msg ?? '', /AUTHORIZATION_FAILED/)
    assert.equal(failures.length, 1)
  })

  test('that takes long to judge lets the questions of others pass', async (t) => {
    const { asks } = await start(t, { localName: 'host' })
    const ann = certified((await newClient('ann')).cert)
    const quota = `${'{"a":'.repeat(95)}[${'{},'.repeat(90_000)}{}]${'}'.repeat(95)}`
    const body = `{"Image":"x","HostConfig":{"NetworkMode":"none","DiskQuota":${quota}}}`
    const RequestBody = Buffer.from(body).toString('base64')
    const costly = { ...EXEC, RequestUri: '/v1.45/containers/create', RequestBody, ...ann }
    const order: string[] = []
    const all = Array.from({ length: 12 }, async () => {
      assert.deepEqual(await asks(costly), { Allow: true })
      order.push('ann')
    })
    await Promise.race(all)
    assert.deepEqual(await asks(LIST), { Allow: true })
    order.push('host')
    await Promise.all(all)
    assert.ok(order.indexOf('host') < 6, order.join(' '))
  })

  test('what can not be read, and what is too large', async (t) => {
    const { asks, failures } = await start(t)
    for (const question of ['', '{', '{}', JSON.stringify({ ...LIST, RequestBody: 'x'.repeat(17 * 1024 * 1024) })])
      assert.equal((await asks(question)).Allow, false)
    assert.equal(failures.length, 4)
  })
})

describe('a question of the plugin', () => {
  test('is known once, for its path alone, and without a certificate', async (t) => {
    const { asks, heard, failures } = await start(t)
    const ann = certified((await newClient('ann')).cert)
    assert.deepEqual(await asks({ ...EXEC, ...ann }), { Allow: true })
    const { url, headers } = heard.at(-1) ?? assert.fail('the plugin asks nothing')
    assert.equal(url, '/containers/web/json')
    const again = { RequestMethod: 'GET', RequestUri: url, RequestHeaders: headers }
    assert.equal((await asks(again)).Allow, false, 'it has been answered')
    assert.deepEqual(failures, [])
  })

  test('while it is open, is known neither twice, nor from a client, nor for another method', async (t) => {
    const ann = certified((await newClient('ann')).cert)
    const twice = await start(t, { asAsked: (own) => [own, own] })
    await twice.asks({ ...EXEC, ...ann })
    assert.deepEqual(
      twice.own.slice(-2).map(({ Allow }) => Allow),
      [true, false],
    )
    const eve = certified((await newClient('eve')).cert)
    for (const change of [eve, { RequestMethod: 'POST' }]) {
      const forged = await start(t, { asAsked: (own) => [{ ...own, ...change }] })
      assert.equal((await forged.asks({ ...EXEC, ...ann })).Allow, false)
      assert.ok(forged.own.length > 0 && forged.own.every(({ Allow }) => Allow === false))
    }
  })

  test('that gets no answer keeps none of 200 others waiting', async (t) => {
    const { asks, heard } = await start(t)
    const ann = certified((await newClient('ann')).cert)
    const silent = { ...EXEC, ...ann, RequestUri: '/containers/silent/exec' }
    for (let index = 0; index < 200; index++) void asks(silent).catch(() => {})
    for (const late = performance.now() + 5_000; performance.now() < late && heard.length < 201;) await delay(20)
    assert.deepEqual(await Promise.race([asks({ ...EXEC, ...ann }), delay(5_000)]), { Allow: true })
  })

  test('with a path that another one has is not known', async (t) => {
    const { asks, failures } = await start(t, { asAsked: (own) => [{ ...own, RequestUri: '/v1.45/info' }] })
    const ann = certified((await newClient('ann')).cert)
    assert.equal((await asks({ ...EXEC, ...ann })).Allow, false)
    assert.equal(failures.length, 1)
  })
})
