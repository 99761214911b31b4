import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttps } from 'node:https'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openAuditLog, verifyAuditLog, type GatewayOptions } from '../../lib/gateway.ts'
import { createDispatcher, loadIdentity, parseHost } from '../../lib/index.ts'
import { issueClient } from '../../lib/pki.ts'
import { definePolicy } from '../../lib/policy.ts'
import { credentials, dial, endOf, front, newClient, readUntil, serverTls } from './support/fixture.ts'
import { linesOf, pathIn } from './support/log-files.ts'
import { until } from './support/until.ts'

const ANN = { who: { commonName: ['ann', 'brief'] } } as const
const rule = (name: string, level = 'privileged', ends?: number) => ({
  ...ANN,
  name,
  level,
  ...(ends !== undefined && { until: new Date(ends).toISOString() }),
})
const policyOf = (...rules: object[]) => definePolicy({ version: 1, rules })
const FIRST = policyOf(rule('first'))

/** A daemon over TLS, to which no handshake comes before the test says so. */
async function slowDaemon(t: TestContext) {
  const got: string[] = []
  const heads: string[] = []
  const note = (line: string, bytes: string | Buffer): unknown =>
    got.push(`${line} ${createHash('sha256').update(bytes).digest('hex')}`)
  const server = createHttps({ ...serverTls, requestCert: true }, (request, response) => {
    const chunks: Buffer[] = []
    heads.push(request.url ?? '')
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      note(`${request.method} ${request.url}`, Buffer.concat(chunks))
      response.end('{}')
    })
  })
  let handshakes = 0
  server.on('secureConnection', () => handshakes++)
  server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
    const { 'content-length': length = 0, upgrade } = request.headers
    // From Node 26 on, the body isn't a part of the stream.
    const body = (request.read() as Buffer | null) ?? head.subarray(0, Number(length))
    note(`${request.method} ${request.url}`, body)
    socket.on('error', () => {})
    socket.write(`HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n\r\n{}`)
    setTimeout(() => socket.end(), 100)
  })
  const passes = new AbortController()
  const waiting: Socket[] = []
  const relay = createServer((near) => {
    waiting.push(near.pause())
    const pass = (): void => {
      const far = connect((server.address() as AddressInfo).port, '127.0.0.1')
      for (const socket of [near, far]) socket.on('error', () => {})
      near.pipe(far).pipe(near)
    }
    if (passes.signal.aborted) pass()
    else passes.signal.addEventListener('abort', pass)
  })
  for (const one of [server, relay]) {
    one.listen(0, '127.0.0.1')
    await once(one, 'listening')
  }
  const host = parseHost(`tcp://localhost:${(relay.address() as AddressInfo).port}`)
  const dispatcher = createDispatcher(host, await loadIdentity(credentials.client))
  t.after(async () => {
    await dispatcher.destroy()
    server.closeAllConnections()
    server.close()
    relay.close()
  })
  return { dispatcher, got, heads, waiting, open: () => passes.abort(), handshakes: () => handshakes }
}

async function start(t: TestContext, options: Partial<GatewayOptions> = {}) {
  const daemon = await slowDaemon(t)
  const path = await pathIn(t)
  const auditLog = await openAuditLog({ path })
  const settings = { authorize: undefined, policy: FIRST, auditLog, ...options }
  const fronted = await front(t, { dispatcher: daemon.dispatcher }, settings)
  /** What the log says of each request: its verdict, rule, status and reason. */
  const logged = async (): Promise<string[]> => {
    await fronted.gateway.close()
    await auditLog.close()
    assert.deepEqual((await verifyAuditLog([path])).faults, [])
    const lines = (await linesOf(path)).filter(({ event }) => event === 'request')
    return lines.map(({ verdict, rule: by, status, reason = '' }) => `${verdict} ${by} ${status} ${reason}`.trimEnd())
  }
  return { ...daemon, ...fronted, logged }
}

const hashOf = (body: string): string => createHash('sha256').update(body).digest('hex')
const LONG = 'tar'.repeat(100_000)
const EXEC = '{"Detach":false,"Tty":true}'
const tcp = 'Connection: Upgrade\r\nUpgrade: tcp\r\n'
const h2c = 'Connection: Upgrade\r\nUpgrade: h2c\r\n'

/** What is sent, and the status of an answer to it. */
const REQUESTS: readonly (readonly [what: string, line: string, fields: string, body: string, status: number])[] = [
  ['a request', 'POST /v1.45/volumes/prune', 'Content-Length: 0\r\n', '', 200],
  ['a request without a body', 'DELETE /v1.45/containers/web', '', '', 200],
  ['a short request', 'GET /v1.45/containers/web/json', '', '', 200],
  [
    'a JSON body',
    'POST /v1.45/volumes/create',
    'Content-Type: application/json\r\nContent-Length: 12\r\n',
    '{"Name":"v"}',
    200,
  ],
  [
    'an archive',
    'POST /v1.45/images/load',
    `Content-Type: application/x-tar\r\nContent-Length: ${LONG.length}\r\n`,
    LONG,
    200,
  ],
  ['an archive in chunks', 'PUT /v1.45/containers/web/archive?path=%2F', 'Transfer-Encoding: chunked\r\n', LONG, 200],
  ['an attach', 'POST /v1.45/containers/web/attach?stream=true', tcp, '', 101],
  ['an attach without an upgrade', 'POST /v1.45/containers/web/attach?stream=true', 'Content-Length: 0\r\n', '', 200],
  [
    'an exec',
    'POST /v1.45/exec/ab/start',
    `${tcp}Content-Type: application/json\r\nContent-Length: ${EXEC.length}\r\n`,
    EXEC,
    101,
  ],
  ['a session', 'POST /v1.45/session', `${h2c}X-Docker-Expose-Session-Uuid: s1\r\n`, '', 101],
  ['a connection for calls', 'POST /v1.45/grpc', h2c, '', 101],
]

function bytesOf([, line, fields, body]: (typeof REQUESTS)[number]): string {
  const isChunked = fields.includes('chunked')
  const sent = isChunked ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body
  return `${line} HTTP/1.1\r\nHost: x\r\n${fields}\r\n${sent}`
}

describe('a request that waits for its connection to the daemon', { concurrency: 4 }, () => {
  for (const one of REQUESTS) {
    const [what, line, , body, status] = one
    for (const [change, policy, wanted, rest] of [
      ['no change', undefined, `allow first ${status}`, [`${line} ${hashOf(body)}`]],
      ['a policy that allows it, too', policyOf(rule('next')), `allow next ${status}`, [`${line} ${hashOf(body)}`]],
      [
        'a policy that refuses it',
        policyOf({ ...rule('next'), who: { commonName: 'ben' } }),
        'refuse undefined 403 IDENTITY_UNKNOWN',
        [],
      ],
    ] as const)
      test(`${what}: ${change}`, async (t) => {
        const { gateway, port, got, waiting, open, logged } = await start(t, { limits: { streams: 1, requests: 1 } })
        const client = await newClient('ann')
        const socket = await dial(t, port, { client })
        socket.write(bytesOf(one))
        await until(() => waiting.length === 1, 'it waits for the handshake')
        if (policy) gateway.reload({ policy })
        open()
        assert.match(await readUntil(socket, /\r\n\r\n[^]*\}/), new RegExp(`^HTTP/1.1 ${/\d{3}/.exec(wanted)?.[0]} `))
        assert.deepEqual(got, rest)
        assert.equal(waiting.length, policy && rest.length > 0 ? 2 : 1)
        socket.destroy()
        assert.deepEqual(await logged(), [wanted])
      })
  }

  test('is decided again whenever the policy changes, and counts once', async (t) => {
    const limits = { streams: 2, requests: 1, heldBytes: 50_000 }
    const { gateway, port, got, waiting, events, open, dispatcher, logged } = await start(t, { limits })
    const client = await newClient('ann')
    const body = `{"Name":"${'v'.repeat(30_000)}"}`
    const head = `POST /v1.45/volumes/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`
    const create = `${head}Content-Length: ${body.length}\r\n\r\n${body}`
    const socket = await dial(t, port, { client })
    let changes = 0
    const dispatch = dispatcher.dispatch.bind(dispatcher)
    // Each time, as soon as it waits.
    t.mock.method(dispatcher, 'dispatch', (...asked: Parameters<typeof dispatch>) => {
      if (++changes < 15) setImmediate(() => gateway.reload({ policy: policyOf(rule(`number-${changes}`)) }))
      return dispatch(...asked)
    })
    socket.write(create)
    await until(() => waiting.length === 1, 'it waits for the handshake')
    open()
    assert.match(await readUntil(socket, /\r\n\r\n[^]*\}/), /^HTTP\/1\.1 200 /)
    assert.deepEqual(got, [`POST /v1.45/volumes/create ${hashOf(body)}`])
    assert.equal(events.filter(({ event }) => event === 'begin').length, 1)
    // As much fits as before, and no more.
    const others = [await dial(t, port, { client }), await dial(t, port, { client })]
    for (const other of others) other.write(create.slice(0, -10))
    const refused = await Promise.race(others.map((other) => readUntil(other, /\r\n\r\n[^]*\}/)))
    assert.match(refused, /^HTTP\/1\.1 429 /)
    for (const other of others) other.destroy()
    const [first, ...more] = await logged()
    assert.match(first ?? '', /^allow number-\d+ 200$/)
    assert.equal(more.length, 2)
  })

  test('gets 100 Continue when the daemon gets it, and once', async (t) => {
    const { gateway, port, got, waiting, open } = await start(t)
    const socket = await dial(t, port, { client: await newClient('ann') })
    const head = `POST /v1.45/images/load HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: ${LONG.length}`
    socket.write(`${head}\r\n\r\n`)
    await until(() => waiting.length === 1, 'it waits for the handshake')
    gateway.reload({ policy: policyOf(rule('next')) })
    open()
    assert.equal(await readUntil(socket, '\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n')
    socket.write(LONG)
    assert.match(await readUntil(socket, /\r\n\r\n[^]*\}/), /^HTTP\/1\.1 200 /)
    assert.deepEqual(got, [`POST /v1.45/images/load ${hashOf(LONG)}`])
  })

  for (const [what, rules, wanted] of [
    ['another rule decides', [rule('next')], /^allow next 200$/],
    ['no other rule applies', [], /^refuse undefined 403 RULE_ENDED$/],
  ] as const)
    test(`its rule ends, and ${what}`, async (t) => {
      const { gateway, port, got, waiting, open, logged } = await start(t)
      const socket = await dial(t, port, { client: await newClient('ann') })
      const ends = Date.now() + 1_500
      gateway.reload({ policy: policyOf(rule('first', 'privileged', ends), ...rules) })
      socket.write('POST /v1.45/volumes/prune HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')
      await until(() => waiting.length === 1, 'it waits for the handshake')
      // The gateway looks for ended permissions twice a second.
      await delay(ends - Date.now() + 1_200)
      open()
      await readUntil(socket, /\r\n\r\n[^]*\}/)
      const [line = '', ...more] = await logged()
      assert.match(line, wanted)
      assert.deepEqual([more, got.length], [[], rules.length])
    })

  test('its certificate expires', async (t) => {
    const { port, got, waiting, open, logged } = await start(t)
    const ends = new Date(Math.floor(Date.now() / 1_000) * 1_000 + 4_000)
    const { ca, cert, key } = await issueClient(credentials.authority, { name: 'brief', until: ends, keyType: 'p256' })
    const socket = await dial(t, port, { client: { ca, cert, key } })
    socket.write('POST /v1.45/volumes/prune HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')
    await until(() => waiting.length === 1, 'it waits for the handshake')
    // The gateway looks for expired certificates twice a second, and may cut it before it can be refused.
    const answer = readUntil(socket, /\r\n\r\n[^]*\}/)
    await delay(ends.getTime() - Date.now() + 5)
    open()
    assert.match(await answer, /^$|^HTTP\/1\.1 403 [^]*CERTIFICATE_EXPIRED/)
    await delay(200)
    assert.deepEqual(got, [])
    assert.doesNotMatch((await logged()).join('\n'), /^allow .* 200/m)
  })
})

const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const EXPECT = 'Expect: 100-continue\r\n'
const chunked = (body: string): string => `${body && `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`

/** A request whose body has not begun when the daemon's connection is there. */
async function withoutBody(t: TestContext, fields: string, options: Partial<GatewayOptions> = {}) {
  const started = await start(t, options)
  const client = await newClient('ann')
  const socket = await dial(t, started.port, { client })
  socket.write(`PUT /v1.45/containers/web/archive?path=%2F HTTP/1.1\r\nHost: x\r\n${fields}\r\n`)
  started.open()
  if (fields.includes(EXPECT)) assert.equal(await readUntil(socket, '\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n')
  await until(() => started.handshakes() === 1, 'it is connected')
  await delay(50)
  return { ...started, client, socket }
}

describe('a body that comes after the connection to the daemon', { concurrency: 4 }, () => {
  for (const [what, fields, sent, body] of [
    ['after 100 Continue', `${EXPECT}Content-Length: ${LONG.length}\r\n`, LONG, LONG],
    ['in chunks', CHUNKED, chunked(LONG), LONG],
    ['in chunks after 100 Continue', CHUNKED + EXPECT, chunked(LONG), LONG],
    ['without a byte', CHUNKED, chunked(''), ''],
  ] as const)
    for (const [change, policy, wanted, isSent] of [
      ['no change', undefined, 'allow first 200', true],
      ['a policy that allows it, too', policyOf(rule('next')), 'allow next 200', true],
      ['a policy that refuses it', policyOf(rule('next', 'read-only')), 'refuse next 403 OPERATION_REFUSED', false],
    ] as const)
      test(`${what}: ${change}`, async (t) => {
        const limits = { streams: 1, requests: 1 }
        const { gateway, socket, got, heads, logged } = await withoutBody(t, fields, { limits })
        if (policy) gateway.reload({ policy })
        const answer = readUntil(socket, /\r\n\r\n[^]*\}/)
        socket.write(sent)
        // Neither again 100 Continue, nor anything else before it.
        assert.match(await answer, new RegExp(`^HTTP/1.1 ${/\d{3}/.exec(wanted)?.[0]} `))
        assert.deepEqual(got, isSent ? [`PUT /v1.45/containers/web/archive?path=%2F ${hashOf(body)}`] : [])
        assert.equal(heads.length, Number(isSent))
        socket.destroy()
        assert.deepEqual(await logged(), [wanted])
      })

  test('is decided again as often as the policy changes', async (t) => {
    const { gateway, socket, got, heads, waiting, dispatcher, logged } = await withoutBody(t, CHUNKED + EXPECT)
    let changes = 0
    const dispatch = dispatcher.dispatch.bind(dispatcher)
    t.mock.method(dispatcher, 'dispatch', (...asked: Parameters<typeof dispatch>) => {
      if (++changes < 5) setImmediate(() => gateway.reload({ policy: policyOf(rule(`number-${changes}`)) }))
      return dispatch(...asked)
    })
    gateway.reload({ policy: policyOf(rule('next')) })
    const answer = readUntil(socket, /\r\n\r\n[^]*\}/)
    socket.write(chunked(LONG))
    assert.match(await answer, /^HTTP\/1\.1 200 /)
    assert.deepEqual(got, [`PUT /v1.45/containers/web/archive?path=%2F ${hashOf(LONG)}`])
    assert.deepEqual([heads.length, waiting.length > 2], [1, true])
    socket.destroy()
    assert.match((await logged()).join('\n'), /^allow number-\d 200$/)
  })

  for (const [what, leave] of [
    ['leaves', (socket: Socket) => socket.destroy()],
    ['sends something else', (socket: Socket) => socket.write('no chunk\r\n')],
  ] as const)
    test(`its client ${what}, and gives its place back`, async (t) => {
      const { port, socket, client, got, heads } = await withoutBody(t, CHUNKED, { limits: { streams: 1 } })
      const full = await dial(t, port, { client })
      full.write(`POST /v1.45/images/load HTTP/1.1\r\nHost: x\r\n${CHUNKED}\r\n${chunked('a')}`)
      assert.match(await readUntil(full, /\r\n\r\n[^]*\}/), /^HTTP\/1\.1 429 /)
      leave(socket)
      await endOf(socket)
      socket.destroy()
      await delay(100)
      const next = await dial(t, port, { client })
      next.write(`POST /v1.45/images/load HTTP/1.1\r\nHost: x\r\n${CHUNKED}\r\n${chunked('a')}`)
      assert.match(await readUntil(next, /\r\n\r\n[^]*\}/), /^HTTP\/1\.1 200 /)
      assert.deepEqual([got, heads.length], [[`POST /v1.45/images/load ${hashOf('a')}`], 1])
    })

  test('the daemon breaks off meanwhile, and what comes is read', async (t) => {
    const { socket, waiting, heads } = await withoutBody(t, CHUNKED)
    waiting[0]?.destroy()
    assert.match(await readUntil(socket, /\r\n\r\n[^]*\}/), /^HTTP\/1\.1 502 /)
    const began = Date.now()
    socket.resume().write(chunked(LONG))
    await once(socket, 'end')
    assert.ok(Date.now() - began < 1_000)
    assert.equal(heads.length, 0)
  })
})
