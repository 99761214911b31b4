import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openAuditLog } from '../../lib/gateway.ts'
import { definePolicy } from '../../lib/policy.ts'
import { openSession } from './support/calls.ts'
import { dial, fakeDaemon, front, newClient, readUntil } from './support/fixture.ts'
import { pathIn, stall } from './support/log-files.ts'
import { until, untilEnded } from './support/until.ts'

const RULE = { name: 'ann', who: { commonName: 'ann' }, level: 'baseline' } as const
const policyOf = (level: string) => definePolicy({ version: 1, rules: [{ ...RULE, level }] })

function create(config: object): string {
  const body = JSON.stringify({ Image: 'x', HostConfig: { NetworkMode: 'none', Links: ['web:web'], ...config } })
  const head = 'POST /v1.45/containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json'
  return `${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

const WEB = { Id: 'ab'.repeat(32), Config: { Image: 'x' }, HostConfig: { NetworkMode: 'none' } }

test('a policy that changes while the daemon is asked decides', async (t) => {
  const asked: ServerResponse[] = []
  const daemon = await fakeDaemon(t, {
    answer: (request, response) =>
      void (request.url?.endsWith('/json') === true ? asked.push(response) : response.end('{}')),
  })
  const options = { authorize: undefined, policy: policyOf('baseline') }
  const { gateway, port } = await front(t, { socketPath: daemon.socketPath }, options)
  const socket = await dial(t, port, { client: await newClient('ann') })
  socket.write(create({}))
  await until(() => asked.length > 0, 'the daemon is asked')
  gateway.reload({ policy: policyOf('read-only') })
  asked[0]?.end(JSON.stringify(WEB))
  assert.match(await readUntil(socket, /\r\n\r\n.*\}/s), /^HTTP\/1\.1 403 [^]*OPERATION_REFUSED/)
  assert.deepEqual(daemon.requests, ['GET /containers/web/json'])
})

for (const [level, continues] of [
  ['baseline', true],
  // Who may not use the operation, and who has no rule.
  ['read-only', false],
  [undefined, false],
] as const)
  for (const length of ['Content-Length: 100', 'Transfer-Encoding: chunked'])
    test(`a body is asked for only if the answer depends on it: ${level ?? 'no rule'}, ${length}`, async (t) => {
      const daemon = await fakeDaemon(t)
      const policy = definePolicy({
        version: 1,
        rules: [level ? { ...RULE, level } : { ...RULE, who: { commonName: 'bob' } }],
      })
      const { port } = await front(t, { socketPath: daemon.socketPath }, { authorize: undefined, policy })
      const socket = await dial(t, port, { client: await newClient('ann') })
      const fields = `Host: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n${length}`
      socket.write(`POST /v1.45/containers/create HTTP/1.1\r\n${fields}\r\n\r\n`)
      const wanted = continues ? /^HTTP\/1\.1 100 / : /^HTTP\/1\.1 403 [^]*Connection: close/
      assert.match(await readUntil(socket, '\r\n\r\n'), wanted)
    })

test('a policy that allows a request once its body was found not to matter decides with the body', async (t) => {
  const versions: ServerResponse[] = []
  const bodies: string[] = []
  const daemon = await fakeDaemon(t, {
    ping: (_request, response) => void versions.push(response),
    answer: (request, response) =>
      void request.on('data', (part) => bodies.push(String(part))).once('end', () => response.end('{}')),
  })
  const options = { authorize: undefined, policy: policyOf('read-only') }
  const { gateway, port } = await front(t, { socketPath: daemon.socketPath }, options)
  const socket = await dial(t, port, { client: await newClient('ann') })
  socket.write(create({ Links: [] }).replace('/v1.45', ''))
  await until(() => versions.length > 0, 'it asks for the version of the daemon')
  gateway.reload({ policy: policyOf('baseline') })
  for (const version of versions) version.setHeader('Api-Version', '1.45').end()
  assert.match(await readUntil(socket, /\r\n\r\n.*\}/s), /^HTTP\/1\.1 200 /)
  assert.deepEqual(
    bodies.map((body) => Object.keys(JSON.parse(body))),
    [['Image', 'HostConfig']],
  )
})

test('a policy that changes while a build waits for its session decides', async (t) => {
  const opening: Duplex[] = []
  const daemon = await fakeDaemon(t, { upgrade: (_request, socket) => void opening.push(socket) })
  const options = { authorize: undefined, policy: policyOf('baseline') }
  const { gateway, port } = await front(t, { socketPath: daemon.socketPath }, options)
  const client = await newClient('ann')
  const [build, session] = [await dial(t, port, { client }), await dial(t, port, { client })]
  build.write('POST /v1.45/build?version=2&session=s1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')
  const opened = openSession(session, 's1')
  await until(() => opening.length > 0, 'it waits for the session')
  gateway.reload({ policy: policyOf('read-only') })
  opening[0]?.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n')
  await opened
  assert.match(await readUntil(build, /\r\n\r\n.*\}/s), /^HTTP\/1\.1 403 [^]*OPERATION_REFUSED/)
  assert.deepEqual(daemon.requests, ['POST /session'])
})

for (const [level, wanted, sent] of [
  ['read-only', /^HTTP\/1\.1 403 [^]*OPERATION_REFUSED/, []],
  ['baseline', /^HTTP\/1\.1 200 /, [`POST /containers/${WEB.Id}/start`]],
] as const)
  test(`a policy that changes to ${level} while a request waits for a slow log decides`, async (t) => {
    const daemon = await fakeDaemon(t, {
      answer: (request, response) => void response.end(request.method === 'POST' ? '{}' : JSON.stringify(WEB)),
    })
    const log = await openAuditLog({ path: await pathIn(t) })
    const options = { authorize: undefined, policy: policyOf('baseline'), auditLog: log }
    const { gateway, port, events } = await front(t, { socketPath: daemon.socketPath }, options)
    const socket = await dial(t, port, { client: await newClient('ann') })
    const hanging = stall(t)
    socket.write('POST /containers/web/start HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')
    await until(() => events.some(({ event }) => event === 'begin'), 'it waits for the log')
    gateway.reload({ policy: policyOf(level) })
    hanging.abort()
    assert.match(await readUntil(socket, /\r\n\r\n.*\}/s), wanted)
    assert.deepEqual(
      daemon.requests.filter((line) => line.startsWith('POST')),
      sent,
    )
    assert.equal(events.filter(({ event }) => event === 'begin').length, 1)
    await gateway.close()
    await log.close()
  })

test('a rule that ends while a request waits for a slow log leaves it to the next rule', async (t) => {
  const daemon = await fakeDaemon(t, {
    answer: (request, response) => void response.end(request.method === 'POST' ? '{}' : JSON.stringify(WEB)),
  })
  const log = await openAuditLog({ path: await pathIn(t) })
  const ends = Date.now() + 1_500
  const rules = [
    { ...RULE, name: 'first', until: new Date(ends).toISOString() },
    { ...RULE, name: 'next' },
  ]
  const options = { authorize: undefined, policy: definePolicy({ version: 1, rules }), auditLog: log }
  const { gateway, port, events } = await front(t, { socketPath: daemon.socketPath }, options)
  const socket = await dial(t, port, { client: await newClient('ann') })
  const hanging = stall(t)
  socket.write('POST /containers/web/start HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')
  await until(() => events.some(({ event }) => event === 'begin'), 'it waits for the log')
  // The gateway looks for ended permissions twice a second.
  await delay(ends - Date.now() + 1_200)
  hanging.abort()
  assert.match(await readUntil(socket, /\r\n\r\n.*\}/s), /^HTTP\/1\.1 200 /)
  assert.deepEqual(
    (await untilEnded(events, 1)).map((event) => event.rule),
    ['next'],
  )
  await gateway.close()
  await log.close()
})

test('what bodies take while the daemon is asked counts as held, and not only their bytes', async (t) => {
  const daemon = await fakeDaemon(t, { answer: () => {} })
  const options = { authorize: undefined, policy: policyOf('baseline') }
  const { port } = await front(t, { socketPath: daemon.socketPath }, options)
  const client = await newClient('ann')
  const DiskQuota = Array.from({ length: 90_000 }, () => ({}))
  const first = await dial(t, port, { client })
  first.write(create({ DiskQuota }))
  await until(() => daemon.requests.length > 0, 'the daemon is asked')
  const second = await dial(t, port, { client })
  second.write(create({ DiskQuota }))
  assert.match(await readUntil(second, /\r\n\r\n.*\}/s), /^HTTP\/1\.1 429 /)
  first.destroy()
  await once(first, 'close')
})
