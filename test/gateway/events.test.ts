import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { GatewayEvent, RequestBegan, RequestEnded, Verdict } from '../../lib/gateway.ts'
import { addressOf } from '../../lib/gateway/arriving/connections.ts'
import { definePolicy } from '../../lib/policy.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { dial, fakeDaemon, front, newClient, readUntil } from './support/fixture.ts'
import { untilEnded } from './support/until.ts'

const ann = await newClient('ann')
const rule = { name: 'ann', who: { commonName: 'ann' } }
const policy = definePolicy({
  version: 1,
  rules: [{ ...rule, level: { enforce: 'baseline', audit: 'restricted', warn: 'read-only' } }],
})

const json = (path: string, body: object): string => {
  const text = JSON.stringify(body)
  const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json`
  return `${head}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
}
const PING = 'GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n'

test('a function for events that fails, at once or later, ends nothing', async (t) => {
  const daemon = await fakeDaemon(t)
  const logs = [
    () => {
      throw new Error('at once')
    },
    () => Promise.reject(new Error('later')),
  ] as unknown as (() => undefined)[]
  for (const log of logs) {
    const { port } = await front(t, { socketPath: daemon.socketPath }, { log })
    const socket = await dial(t, port, { client: ann })
    for (let round = 0; round < 2; round++) {
      socket.write(PING)
      assert.match(await readUntil(socket, 'OK'), /^HTTP\/1\.1 200 /)
    }
  }
})

describe('an event of a request', () => {
  test('says who, what, verdict, rule, level, reasons, and what other levels would refuse', async (t) => {
    const daemon = await fakeDaemon(t, {
      answer: (_, response: ServerResponse) => void response.writeHead(201).end('{}'),
    })
    const { port, events } = await front(t, { socketPath: daemon.socketPath }, { authorize: undefined, policy })
    const socket = await dial(t, port, { client: ann })
    socket.write(json('/v1.45/containers/create?name=web', { Image: 'alpine', Env: ['A=b'] }))
    const allowed = await readUntil(socket, '{}')
    assert.match(
      allowed,
      /^HTTP\/1\.1 201 [^]*X-Docker-Mtls-Warning: containers\.create: the level read-only does not include it \(OPERATION_REFUSED\)\r\n/,
    )
    socket.write(
      json('/v1.45/containers/create', { Image: 'alpine', HostConfig: { Privileged: true, Binds: ['/:/x'] } }),
    )
    const refused = await readUntil(socket, /\}\n/)
    assert.match(refused, /^HTTP\/1\.1 403 [^]*X-Docker-Mtls-Warning: /)
    const [first, second] = await untilEnded(events, 2)
    assert.ok(first && second)
    const { id, milliseconds, bytesIn, bytesOut, fingerprint, ...rest } = first
    assert.deepEqual(rest, {
      event: 'request',
      identity: 'CN=ann',
      address: '127.0.0.1',
      method: 'POST',
      path: '/v1.45/containers/create',
      operation: 'containers.create',
      details: { image: 'alpine', name: 'web' },
      rule: 'ann',
      level: 'baseline',
      audit: [
        { code: 'NOT_HARDENED', where: 'HostConfig.CapDrop' },
        { code: 'NOT_HARDENED', where: 'HostConfig.SecurityOpt' },
        { code: 'ROOT_USER', where: 'User' },
      ],
      warn: [{ code: 'OPERATION_REFUSED', where: 'containers.create' }],
      verdict: 'allow',
      status: 201,
    })
    assert.match(fingerprint ?? '', /^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/)
    assert.ok(milliseconds > 0 && milliseconds < 60_000)
    assert.equal(bytesOut, Buffer.byteLength(allowed))
    assert.equal(bytesIn, json('/v1.45/containers/create?name=web', { Image: 'alpine', Env: ['A=b'] }).length)
    assert.equal(second.id, id + 1)
    assert.deepEqual([second.verdict, second.status, second.reason], ['refuse', 403, 'PRIVILEGED'])
    assert.deepEqual(second.reasons, [
      { code: 'PRIVILEGED', where: 'HostConfig.Privileged' },
      { code: 'HOST_PATH', where: 'HostConfig.Binds.0' },
    ])
    assert.deepEqual(second.details, { image: 'alpine', privileged: true, mounts: ['/'] })
    assert.equal(second.bytesOut, Buffer.byteLength(refused))
    socket.write(PING)
    await readUntil(socket, '{}')
    const [, , third] = await untilEnded(events, 3)
    assert.ok(third && !('details' in third))
    assert.equal(third.operation, 'system.ping')
    // Both events of a request say the same.
    const begun = events.filter(({ event }) => event === 'begin') as RequestBegan[]
    assert.deepEqual(
      begun.map(({ address, details }) => [address, details]),
      [['127.0.0.1', first.details]],
    )
  })

  test('says which container an exec is of, if the policy has asked for it', async (t) => {
    const container = 'c'.repeat(64)
    const daemon = await fakeDaemon(t, {
      answer: ({ url = '' }, response) => {
        const ProcessConfig = { privileged: url.includes('root'), user: '' }
        if (url.startsWith('/exec/') && url.endsWith('/json'))
          response.end(JSON.stringify({ ContainerID: container, ProcessConfig }))
        else if (url.endsWith('/json'))
          response.end(JSON.stringify({ Id: container, Config: { Image: 'a' }, HostConfig: { NetworkMode: 'none' } }))
        else response.end('{}\n')
      },
    })
    const rules = [
      { ...rule, level: 'baseline' as const },
      { name: 'root', who: { any: true }, level: 'privileged' as const },
    ]
    const both = definePolicy({ version: 1, rules })
    const { port, events } = await front(t, { socketPath: daemon.socketPath }, { authorize: undefined, policy: both })
    for (const [client, exec] of [
      [ann, 'one'],
      [ann, 'root'],
      [undefined, 'one'],
    ] as const) {
      const socket = await dial(t, port, { client })
      socket.write(json(`/exec/${exec}/start`, { Detach: true }))
      await readUntil(socket, /\}\n/)
    }
    assert.deepEqual(
      (await untilEnded(events, 3)).map(({ verdict, details }) => [verdict, details]),
      [
        ['allow', { container, exec: 'one' }],
        ['refuse', { container, exec: 'root' }],
        ['allow', { exec: 'one' }],
      ],
    )
    // What is refused by the exec alone needs no container.
    assert.deepEqual(daemon.requests, [
      'GET /exec/one/json',
      `GET /containers/${container}/json`,
      'POST /exec/one/start',
      'GET /exec/root/json',
      'POST /exec/one/start',
    ])
  })

  test('has no address on a local socket, and no details of what cannot be read', async (t) => {
    const daemon = await fakeDaemon(t)
    const socket = join(await temporaryFolder(t), 'g.sock')
    const local = definePolicy({ version: 1, rules: [{ name: 'a', who: { socket: 'agent' }, level: 'privileged' }] })
    const listen = { socket, as: 'agent' }
    const { events } = await front(
      t,
      { socketPath: daemon.socketPath },
      { listen, tls: undefined, policy: local, authorize: undefined },
    )
    const client = connect(socket)
    t.after(() => client.destroy())
    for (const line of ['DELETE /containers/web', 'GET /nothing/web']) {
      client.write(`${line} HTTP/1.1\r\nHost: x\r\n\r\n`)
      await readUntil(client, 'OK')
    }
    assert.deepEqual(
      (await untilEnded(events, 2)).map(({ identity, address, path, details }) => [identity, address, path, details]),
      [
        ['agent', undefined, '/containers/web', { container: 'web' }],
        ['agent', undefined, '/nothing/web', undefined],
      ],
    )
    assert.doesNotMatch(JSON.stringify(events), /address/)
  })

  test('has an IPv4 address in its usual form', () => {
    const rows = { '::ffff:10.0.0.1': '10.0.0.1', '10.0.0.1': '10.0.0.1', '::1': '::1', '::ffff:a00:1': '::ffff:a00:1' }
    for (const [remoteAddress, expected] of Object.entries(rows)) assert.equal(addressOf({ remoteAddress }), expected)
    assert.equal(addressOf({ remoteAddress: undefined }), undefined)
  })

  test('names nothing that a client chose as a name', async (t) => {
    const daemon = await fakeDaemon(t)
    const { port, events } = await front(t, { socketPath: daemon.socketPath }, { authorize: undefined, policy })
    const socket = await dial(t, port, { client: ann })
    const rows: readonly (readonly [request: string, where: string])[] = [
      [json('/containers/create', { Image: 'a', hunter2: 1 }), '*'],
      [json('/containers/create', { Image: 'a', HostConfig: { 'hunter2.x': 1 } }), 'HostConfig.*.*'],
      [json('/containers/create', { Image: 'a', Labels: { hunter2: 1 } }), 'Labels.*'],
      [json('/containers/create', { Privileged: true }), 'Privileged'],
      ['GET /containers/json?hunter2=1&NAME=hunter2 HTTP/1.1\r\nHost: x\r\n\r\n', 'the query parameter NAME'],
      ['GET /containers/json?all=hunter2 HTTP/1.1\r\nHost: x\r\n\r\n', 'the query parameter all'],
      [
        'GET /containers/json?filters=%7B%22hunter2%22%3A1,%22hunter2%22%3A2%7D HTTP/1.1\r\nHost: x\r\n\r\n',
        'the query parameter filters: *',
      ],
    ]
    for (const [index, [request, where]] of rows.entries()) {
      socket.write(request)
      await readUntil(socket, /\}\n/)
      const last = (await untilEnded(events, index + 1)).at(-1)
      assert.deepEqual(
        last?.reasons?.map((reason) => reason.where),
        [where],
        request,
      )
    }
    assert.doesNotMatch(JSON.stringify(events), /hunter2/)
  })

  test('begins before the daemon gets the request, unless it is read at once', async (t) => {
    const seen: string[] = []
    let events: readonly GatewayEvent[] = []
    const daemon = await fakeDaemon(t, {
      answer: (request, response) => {
        seen.push(`${request.url} ${events.map(({ event }) => event).join(' ')}`)
        response.end('OK')
      },
    })
    const fronted = await front(t, { socketPath: daemon.socketPath })
    events = fronted.events
    const socket = await dial(t, fronted.port)
    for (const [index, line] of ['GET /_ping', 'POST /containers/a/start', 'GET /events'].entries()) {
      socket.write(`${line} HTTP/1.1\r\nHost: x\r\n\r\n`)
      await readUntil(socket, 'OK')
      await untilEnded(events, index + 1)
    }
    assert.deepEqual(seen, ['/_ping ', '/containers/a/start request begin', '/events request begin request begin'])
    const [first] = await untilEnded(events, 3)
    const ids = events.flatMap((event) => ('id' in event ? [event.id - (first?.id ?? 0)] : []))
    assert.deepEqual(ids, [0, 1, 1, 2, 2])
  })

  test('a client that leaves before the decision: the daemon gets nothing, and the event has no verdict', async (t) => {
    const daemon = await fakeDaemon(t)
    const asked: ((verdict: Verdict) => void)[] = []
    const authorize = (): Promise<Verdict> => new Promise((resolve) => asked.push(resolve))
    const { port, events } = await front(t, { socketPath: daemon.socketPath }, { authorize })
    const socket = await dial(t, port)
    socket.write('POST /containers/a/start HTTP/1.1\r\nHost: x\r\n\r\n')
    while (asked.length === 0) await delay(10)
    socket.destroy()
    const [left] = await untilEnded(events, 1)
    asked[0]?.({ allow: true })
    await delay(100)
    assert.deepEqual(daemon.requests, [])
    assert.deepEqual(
      events.map(({ event }) => event),
      ['request'],
    )
    assert.deepEqual([left?.verdict, left?.status], [undefined, 0])
  })
})

describe('the notes of a verdict', () => {
  test('of your own function are in the event and in the answer, whatever they contain', async (t) => {
    const daemon = await fakeDaemon(t, {
      upgrade: (_request, socket) =>
        void socket.end('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nbytes'),
    })
    const notes = {
      decided: {
        rule: 'mine',
        reasons: [{ code: 'X', where: 'Y', got: 'secret' }, 7],
        level: 3,
        other: 'secret',
        details: { image: 'app', mounts: ['/x', 7], privileged: 'secret', other: 'secret' },
      },
      warnings: ['one\r\nX-Evil: 1', 2, 'two'],
    }
    const authorize = (): Verdict => ({ allow: true, ...notes }) as unknown as Verdict
    const { port, events } = await front(t, { socketPath: daemon.socketPath }, { authorize })
    const socket = await dial(t, port)
    socket.write(PING)
    const text = await readUntil(socket, 'OK')
    assert.match(text, /X-Docker-Mtls-Warning: one__X-Evil: 1\r\n/)
    assert.match(text, /X-Docker-Mtls-Warning: two\r\n/)
    assert.doesNotMatch(text, /^X-Evil/m)
    const [{ rule: name, reasons, level, details } = {}] = (await untilEnded(events, 1)) as Partial<RequestEnded>[]
    assert.deepEqual([name, reasons, level], ['mine', [{ code: 'X', where: 'Y' }], undefined])
    assert.deepEqual(details, { image: 'app', mounts: ['/x'] })
    assert.doesNotMatch(JSON.stringify(events), /secret/)
    socket.write('POST /containers/a/attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n')
    assert.match(
      await readUntil(socket, 'bytes'),
      /^HTTP\/1\.1 101 [^]*X-Docker-Mtls-Warning: one__X-Evil: 1\r\n[^]*two\r\n/,
    )
  })
})
