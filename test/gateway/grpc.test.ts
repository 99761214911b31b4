import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import http2, { type ClientHttp2Session, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { duplexPair, type Duplex } from 'node:stream'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { FairScheduler } from '../../lib/base/fair-scheduler.ts'
import { serialOf } from '../../lib/identity/serial.ts'
import { createIssuer } from '../../lib/pki.ts'
import { loadIssuer } from '../../lib/pki/issuer.ts'
import { definePolicy } from '../../lib/policy.ts'
import type { OwnId } from '../../lib/policy/calls/methods.ts'
import type { GatewayChange, GatewayEvent, GatewayIssuer, GatewayLimits } from '../../lib/gateway.ts'
import type { RequestEnded } from '../../lib/gateway/events.ts'
import { ForwardedCall, type CallContext } from '../../lib/gateway/grpc/call.ts'
import { refuseKnownBuild } from '../../lib/gateway/grpc/known-build.ts'
import { OwnIds } from '../../lib/gateway/grpc/own-ids.ts'
import { detached } from '../../lib/transport/detached.ts'
import { begin, ended, frame } from '../engine/workflows/build/support/fake-builder.ts'
import { bytesField, BRIDGE, CONTROL, mapField, numberField, solve } from '../policy/calls/encode.ts'
import { call, openCalls, openChunked, openGrpc, openSession } from './support/calls.ts'
import { credentials, dial, endOf, fakeDaemon, front, newClient, type FakeDaemon } from './support/fixture.ts'
import { until, untilEnded } from './support/until.ts'

const ann = await newClient('ann')
const bob = await newClient('bob')
const POLICY = definePolicy({
  version: 1,
  rules: [
    { name: 'ann', who: { commonName: ['ann', 'bob'] }, level: 'baseline' },
    { name: 'eve', who: { commonName: 'eve' }, level: { enforce: 'baseline', warn: 'read-only' } },
    { name: 'root', who: { any: true }, level: 'privileged' },
  ],
})

/** A call as a daemon gets it. */
interface Received {
  readonly path: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly stream: ServerHttp2Stream
}

interface Place {
  readonly daemon: FakeDaemon
  readonly events: GatewayEvent[]
  readonly received: Received[]
  /** Another gateway in front of the same daemon, as after a restart. */
  readonly again: () => Promise<Place['connect']>
  readonly connect: (client?: typeof ann) => Promise<ClientHttp2Session>
  readonly dial: (client?: typeof ann) => Promise<Duplex>
  readonly reload: (changed: GatewayChange) => void
  /** The connection of the last client, at the daemon's end. */
  readonly last: () => Duplex | undefined
}

type Answer = (received: Received) => void

/** Answers with what it got. */
const echo: Answer = ({ stream }) => {
  if (stream.destroyed || stream.closed) return
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.once('wantTrailers', () => stream.closed || stream.sendTrailers({ 'grpc-status': '0' }))
  stream.pipe(stream)
}

/** The id at the beginning of a message that the gateway has written. */
const idIn = (body: Buffer): string => body.subarray(7, 7 + (body[6] ?? 0)).toString()

/** BuildKit's answer about one build, in which it has a message if it knows the build. */
const history = (known: ReadonlySet<string>): Answer => {
  return ({ stream }) => {
    stream.once('data', (body: Buffer) => {
      if (stream.destroyed || stream.closed) return
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.once('wantTrailers', () => stream.closed || stream.sendTrailers({ 'grpc-status': '0' }))
      stream.end(known.has(idIn(body)) ? frame(Buffer.from('x')) : undefined)
    })
  }
}

/** BuildKit can't read its history. */
const knowsNothing: Answer = ({ stream }) => stream.respond({ ':status': 200, 'grpc-status': '2' }, { endStream: true })

interface Options {
  readonly limits?: GatewayLimits
  readonly issuer?: GatewayIssuer
  /** What the daemon answers if the gateway asks whether it knows a build. */
  readonly asked?: Answer
}

async function place(t: TestContext, answer: Answer = echo, { limits, issuer, asked }: Options = {}): Promise<Place> {
  const received: Received[] = []
  const known = new Set<string>()
  const look = asked ?? history(known)
  let last: Duplex | undefined
  const upgrade = (_request: unknown, socket: Duplex, head: Buffer): void => {
    if (head.length > 0) socket.unshift(head)
    last = socket
    socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n')
    const session = http2.performServerHandshake(detached(socket))
    session.on('error', () => {})
    session.on('stream', (stream, headers) => {
      stream.on('error', () => {})
      const one = { path: String(headers[':path']), headers, stream }
      if (one.path === HISTORY) return look(one)
      if (one.path === SOLVE) stream.once('data', (body: Buffer) => known.add(idIn(body)))
      received.push(one)
      answer(one)
    })
  }
  const daemon = await fakeDaemon(t, { upgrade })
  const options = { policy: POLICY, authorize: undefined, limits, issuer }
  const frontAgain = () => front(t, { socketPath: daemon.socketPath }, options)
  const { gateway, port, events } = await frontAgain()
  const reload = (changed: GatewayChange): void => gateway.reload(changed)
  const dialAs = (client = ann): Promise<Duplex> => dial(t, port, { client })
  const connectTo =
    (to: number) =>
    async (client = ann): Promise<ClientHttp2Session> => {
      const session = await openCalls(await dial(t, to, { client }))
      t.after(() => session.destroy())
      return session
    }
  const again = async () => connectTo((await frontAgain()).port)
  return { daemon, events, received, again, reload, connect: connectTo(port), dial: dialAs, last: () => last }
}

const INFO = `${CONTROL}Info`
const SOLVE = `${CONTROL}Solve`
const STATUS = `${CONTROL}Status`
const SESSION = `${CONTROL}Session`
const HISTORY = `${CONTROL}ListenBuildHistory`
const IN_SESSION = { 'x-docker-expose-session-uuid': 'session-of-ann' }

/** The code at the end of a message. */
const codeIn = (message: string): string => /\((\w+)\)$/.exec(message)?.[1] ?? message

/** A frame of HTTP/2. */
const part = (type: number, flags: number, stream: number, payload: Uint8Array): Buffer => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** A short text in a header, as HPACK has it. */
const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)])

/** The bytes of a client that sends one call, with the fields of its header in order. */
function rawCall(path: string, fields: readonly (readonly [string, string])[], message: Uint8Array): Buffer {
  const all = [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'x'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
    ...fields,
  ] as const
  const header = all.map(([name, value]) => Buffer.concat([Buffer.from([0]), text(name), text(value)]))
  return Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    part(4, 0, 0, Buffer.alloc(0)),
    part(1, 4, 1, Buffer.concat(header)),
    part(0, 1, 1, frame(message)),
  ])
}

const sendsNothing = (): never => {
  throw new TypeError('ERR_HTTP2_HEADER_SINGLE_VALUE')
}

/** A call that is allowed and would open this, in front of a daemon to which Node sends nothing. */
async function unsent(
  ownIds: OwnIds,
  opens: OwnId,
): Promise<{ readonly status: number; readonly ended: RequestEnded | undefined }> {
  const [here, there] = duplexPair()
  const session = http2.performServerHandshake(here)
  let event: RequestEnded | undefined
  session.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
    const verdict = {
      refused: undefined,
      decided: {},
      warnings: [],
      message: undefined,
      uses: [],
      opens,
      until: Infinity,
    }
    const calls = { hasOneMessage: () => false, judge: () => verdict }
    const context = {
      daemon: { request: sendsNothing },
      connection: { key: 'ann', takeBytes: () => ({}) },
      ownIds,
      limits: {},
      quotas: { take: () => true, give: () => {} },
      scheduler: new FairScheduler(),
      calls: () => calls,
      check: () => undefined,
      begin: () => undefined,
      limit: () => {},
      report: (one: GatewayEvent) => {
        if (one.event === 'request') event = one
      },
    }
    void new ForwardedCall(stream, headers, raw, context as unknown as CallContext).run()
  })
  const client = http2.connect('http://localhost', { createConnection: () => there })
  const { status } = await call(client, SOLVE)
  await until(() => event !== undefined, 'the end of the call is reported')
  client.destroy()
  session.destroy()
  return { status, ended: event }
}

describe('a call', () => {
  test('gets the answer of the daemon, with its header and trailers', async (t) => {
    const { connect, received } = await place(t, ({ stream }) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'x-own': 'a' }, { waitForTrailers: true })
      stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '5', 'grpc-message': 'none' }))
      stream.end(frame(Buffer.from('one')))
    })
    const stream = begin(await connect(), INFO, {
      'user-agent': 'x',
      'x-other': 'y',
      'grpc-timeout': '5S',
      authorization: 'z',
    })
    let header: Record<string, unknown> = {}
    stream.once('response', (fields) => (header = fields))
    stream.end(frame(Buffer.alloc(0)))
    const { status, message, messages } = await ended(stream)
    assert.deepEqual([status, message, messages.map(String), header['x-own']], [5, 'none', ['one'], 'a'])
    const { headers = {} } = received[0] ?? {}
    assert.deepEqual(
      ['user-agent', 'grpc-timeout', 'te', 'x-other', 'authorization', ':authority'].map((name) => headers[name]),
      ['x', '5S', 'trailers', undefined, undefined, 'localhost:80'],
    )
  })

  test('with two values of user-agent reaches the daemon with the first', async (t) => {
    const { dial: dialAs, received, events } = await place(t)
    const socket = await dialAs()
    await openGrpc(socket)
    socket.write(
      rawCall(
        SOLVE,
        [
          ['user-agent', 'one'],
          ['user-agent', 'two'],
          ['traceparent', 'x'],
        ],
        solve(),
      ),
    )
    await until(
      () => events.some((one) => one.event === 'request' && one.path === SOLVE),
      'the end of the call is reported',
    )
    const found = events.flatMap((event) => (event.event === 'request' && event.path === SOLVE ? [event.verdict] : []))
    assert.deepEqual([found, events.filter(({ event }) => event === 'failure')], [['allow'], []])
    const { headers = {} } = received[0] ?? {}
    assert.deepEqual([headers['user-agent'], headers['traceparent']], ['one', 'x'])
  })

  for (const kind of ['build', 'session'] as const) {
    test(`that Node does not send is refused, and its ${kind} belongs to nobody`, async () => {
      const ownIds = new OwnIds()
      const id = { kind, id: 'x' }
      // Its own already, so that the daemon isn't asked.
      if (kind === 'build') ownIds.add('ann', id)
      const { status, ended: event } = await unsent(ownIds, id)
      assert.deepEqual([status, event?.verdict, event?.reason], [14, 'refuse', 'AUTHORIZATION_FAILED'])
      ownIds.ended('ann', id)
      for (let number = 0; number <= 200; number++) {
        ownIds.add('ann', { kind: 'build', id: String(number) })
        ownIds.ended('ann', { kind: 'build', id: String(number) })
      }
      assert.equal(ownIds.isOwn('ann', id), false)
    })
  }

  test('gets an answer that has only trailers', async (t) => {
    const { connect } = await place(t, ({ stream }) =>
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '14' }, { endStream: true }),
    )
    assert.equal((await call(await connect(), INFO)).status, 14)
  })

  test('is sent as it was judged', async (t) => {
    const { connect } = await place(t)
    const { messages } = await call(
      await connect(),
      SOLVE,
      Buffer.concat([bytesField(8, ''), bytesField(1, 'build-1')]),
    )
    assert.deepEqual(messages, [solve()])
  })

  const REFUSED: readonly (readonly [
    name: string,
    path: string,
    body: Buffer,
    headers: Record<string, string>,
    code: string,
  ])[] = [
    ['an unknown method', `${CONTROL}Sesame`, frame(Buffer.alloc(0)), {}, 'OPERATION_UNKNOWN'],
    ['an unknown service', '/a.B/C', frame(Buffer.alloc(0)), {}, 'OPERATION_UNKNOWN'],
    ['an encoded path', '/moby.buildkit.v1.Control/%53olve', frame(solve()), {}, 'OPERATION_UNKNOWN'],
    ['a query', `${SOLVE}?x`, frame(solve()), {}, 'OPERATION_UNKNOWN'],
    ['another media type', INFO, frame(Buffer.alloc(0)), { 'content-type': 'application/json' }, 'no call of gRPC'],
    ['compressed messages', SOLVE, frame(solve()), { 'grpc-encoding': 'gzip' }, 'compressed'],
    ['one compressed message', SOLVE, frame(solve(), 1), {}, 'compressed'],
    ['no message', SOLVE, Buffer.alloc(0), {}, 'not exactly one'],
    ['two messages', SOLVE, Buffer.concat([frame(solve()), frame(solve())]), {}, 'not exactly one'],
    ['a message that is cut', SOLVE, frame(solve()).subarray(0, -1), {}, 'not exactly one'],
    ['an unknown field', SOLVE, frame(solve(numberField(99, 1))), {}, 'FIELD_UNKNOWN'],
    [
      'an entitlement',
      SOLVE,
      frame(solve(mapField(7, { 'build-arg:A': 'hunter2' }), bytesField(9, 'security.insecure'))),
      {},
      'PRIVILEGED',
    ],
    ['a container', `${BRIDGE}NewContainer`, frame(Buffer.alloc(0)), {}, 'OPERATION_REFUSED'],
    ['a session without an id', SESSION, frame(Buffer.alloc(0)), {}, 'BODY_INVALID'],
    ['a build without an id', `${BRIDGE}Ping`, frame(Buffer.alloc(0)), {}, 'TARGET_UNKNOWN'],
  ]

  test('is refused with the status 7 and a reason, and the daemon gets nothing', async (t) => {
    const { connect, received, events } = await place(t)
    const client = await connect()
    for (const [name, path, body, headers, code] of REFUSED) {
      const stream = begin(client, path, headers)
      stream.end(body)
      const { status, message } = await ended(stream)
      assert.equal(status, 7, name)
      assert.match(message, /^docker-mtls gateway: /, name)
      assert.ok(message.includes(code), `${name}: ${message}`)
    }
    assert.deepEqual(
      received.map(({ path }) => path),
      [],
    )
    const refused = (await untilEnded(events, REFUSED.length)).filter(({ verdict }) => verdict === 'refuse')
    assert.equal(refused.length, REFUSED.length)
    // Of what a client writes, only the details are in events.
    assert.doesNotMatch(JSON.stringify(refused), /hunter2/)
    assert.deepEqual(
      refused.flatMap((event) => ('details' in event ? [event.details] : [])),
      [{ entitlements: ['security.insecure'] }],
    )
  })

  test('is in the log when it begins and when it ends', async (t) => {
    const { connect, events } = await place(t)
    await call(await connect(), SOLVE, solve())
    await untilEnded(events, 1)
    const found = events.flatMap((event) =>
      (event.event === 'begin' || event.event === 'request') && event.path === SOLVE
        ? [[event.event, event.identity, event.verdict, event.operation, event.rule, event.level]]
        : [],
    )
    assert.deepEqual(found, [
      ['begin', 'CN=ann', 'allow', 'images.build', 'ann', 'baseline'],
      ['request', 'CN=ann', 'allow', 'images.build', 'ann', 'baseline'],
    ])
  })
})

test('a level in warn adds a field to the header of the answer', async (t) => {
  const { connect } = await place(t)
  const stream = begin(await connect(await newClient('eve')), SOLVE)
  stream.end(frame(solve()))
  const [header] = (await once(stream, 'response')) as [Record<string, unknown>]
  assert.match(String(header['x-docker-mtls-warning']), /images\.build: the level read-only does not include it/)
  assert.equal((await ended(stream)).status, 0)
})

const filler = (bytes: number): Buffer => solve(numberField(11, 1), mapField(7, { 'label:a': 'x'.repeat(bytes) }))

describe('limits', () => {
  test('a message of 4 MiB passes, and a longer one does not', async (t) => {
    const { connect } = await place(t)
    const client = await connect()
    const most = filler(4 * 1024 * 1024 - 100)
    assert.deepEqual(
      (await call(client, SOLVE, most)).messages.map(({ length }) => length),
      [most.length],
    )
    const { status, message } = await call(client, SOLVE, filler(4 * 1024 * 1024))
    assert.deepEqual([status, /has more than/.test(message)], [8, true])
    // The connection goes on.
    assert.equal((await call(client, INFO)).status, 0)
  })

  test('a message that comes too slowly is refused', async (t) => {
    const { connect, received } = await place(t, echo, { limits: { bodyTimeout: 200 } })
    const stream = begin(await connect(), SOLVE)
    stream.write(frame(solve()).subarray(0, 4))
    const { status, message } = await ended(stream)
    assert.deepEqual([status, /did not arrive in time/.test(message), received.length], [7, true, 0])
  })

  test('one identity has so many calls and so many bytes of messages', async (t) => {
    const { connect } = await place(t, () => {}, { limits: { streams: 3, heldBytes: 10_000 } })
    const client = await connect()
    const open = [begin(client, SESSION, IN_SESSION), begin(client, SESSION, { 'x-docker-expose-session-uuid': 's2' })]
    await delay(100)
    assert.equal((await call(client, INFO)).status, 8)
    for (const stream of open) stream.close()
    await delay(100)
    const { status } = await call(client, SOLVE, solve(bytesField(7, bytesField(1, `label:${'x'.repeat(20_000)}`))))
    assert.equal(status, 8)
    const other = begin(await connect(bob), INFO)
    other.end(frame(Buffer.alloc(0)))
    await delay(100)
    assert.equal(other.destroyed, false)
    other.close()
  })

  test('a slow reader slows the daemon down, and memory stays flat', async (t) => {
    let sent = 0
    const { connect } = await place(t, ({ stream }) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      const chunk = frame(Buffer.alloc(65_531))
      const pump = (): void => {
        while (sent < 1024) if (sent++ && !stream.write(chunk)) return void stream.once('drain', pump)
        stream.end()
      }
      pump()
    })
    const stream = begin(await connect(), SESSION, IN_SESSION)
    await once(stream, 'response')
    await delay(300)
    // Of 64 MiB, no more than what the windows of both connections hold.
    assert.ok(sent < 64, `${sent} chunks of 64 KiB are under way`)
    const before = process.memoryUsage().rss
    let length = 0
    for await (const chunk of stream as AsyncIterable<Buffer>) length += chunk.length
    assert.equal(length, 1023 * 65_536)
    assert.ok(process.memoryUsage().rss - before < 48 * 1024 * 1024)
  })

  test('bytes of a session travel both ways, and each way can end first', async (t) => {
    const { connect } = await place(t)
    const stream = begin(await connect(), SESSION, IN_SESSION)
    const data = Buffer.alloc(3_000_000, 'x')
    stream.end(frame(data))
    const { status, messages } = await ended(stream)
    assert.deepEqual([status, messages[0]?.equals(data)], [0, true])
  })
})

describe('the end of', () => {
  test('a call by the client cancels it at the daemon', async (t) => {
    const { connect, received } = await place(t, () => {})
    const stream = begin(await connect(), INFO)
    stream.end(frame(Buffer.alloc(0)))
    while (received.length === 0) await delay(10)
    const closed = once(received[0]?.stream as ServerHttp2Stream, 'close')
    stream.close(http2.constants.NGHTTP2_CANCEL)
    await closed
    assert.equal(received[0]?.stream.rstCode, http2.constants.NGHTTP2_CANCEL)
  })

  test('a call by the daemon, in the middle of its answer, is no success', async (t) => {
    const { connect } = await place(t, ({ stream }) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.write(frame(Buffer.from('one')))
      setTimeout(() => stream.close(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM), 50)
    })
    const stream = begin(await connect(), INFO)
    stream.end(frame(Buffer.alloc(0)))
    await assert.rejects(ended(stream), { code: 'ERR_HTTP2_STREAM_ERROR' })
    assert.deepEqual([stream.rstCode], [http2.constants.NGHTTP2_ENHANCE_YOUR_CALM])
  })

  test('a call by the daemon, before its answer, has the status 14', async (t) => {
    const { connect } = await place(t, ({ stream }) => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR))
    assert.equal((await call(await connect(), INFO)).status, 14)
  })

  test("the daemon's connection ends the client's", async (t) => {
    const { connect, last } = await place(t, () => {})
    const client = await connect()
    const pending = call(client, INFO)
    await delay(50)
    const closed = once(client, 'close')
    last()?.destroy()
    assert.equal((await pending).status, 14)
    await closed
  })

  test("the client's connection ends the daemon's", async (t) => {
    const { connect, last } = await place(t, () => {})
    const client = await connect()
    const ends = endOf(last() as Duplex)
    client.destroy()
    await ends
    assert.ok(last()?.destroyed ?? true)
  })

  test('calls at any moment ends nothing else', async (t) => {
    const { connect, events } = await place(t)
    const client = await connect()
    for (let round = 0; round < 300; round++) {
      const stream = begin(client, [SOLVE, INFO, SESSION, '/a.B/C'][round % 4] ?? INFO, round % 8 < 4 ? IN_SESSION : {})
      stream.write(frame(solve()))
      if (round % 3 > 0) stream.end()
      setTimeout(() => stream.close(http2.constants.NGHTTP2_CANCEL), round % 7)
      if (round % 50 === 0) await delay(5)
    }
    await delay(50)
    assert.equal((await call(client, INFO)).status, 0)
    const failures = events.filter(({ event }) => event === 'failure')
    assert.deepEqual(failures, [])
  })

  test('a connection on which a daemon does not speak HTTP/2 ends nothing else', async (t) => {
    const endings: readonly ((socket: Duplex) => void)[] = [
      (socket) => socket.end('hello'),
      (socket) => socket.write('hello', () => socket.end('bye')),
      (socket) => setTimeout(() => socket.end('bye'), 2),
      (socket) => socket.end(),
    ]
    let count = 0
    const upgrade = (_request: unknown, socket: Duplex): void => {
      socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n')
      endings[count++ % endings.length]?.(socket)
    }
    const { socketPath } = await fakeDaemon(t, { upgrade })
    const { port, events } = await front(t, { socketPath }, { policy: POLICY, authorize: undefined })
    for (let round = 0; round < 10; round++)
      await Promise.all(
        endings.map(async () => {
          const socket = await dial(t, port, { client: ann })
          await openGrpc(socket)
          socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
          await endOf(socket)
          socket.destroy()
        }),
      )
    await untilEnded(events, 40)
    assert.equal(count, 40)
  })

  test("the daemon's connection behind its last answer loses nothing of that", async (t) => {
    const size = 100_000
    const { connect } = await place(t, ({ stream }) => {
      stream.resume()
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.once('wantTrailers', () => {
        stream.sendTrailers({ 'grpc-status': '0' })
        stream.session?.close()
      })
      stream.end(frame(Buffer.alloc(size)))
    })
    for (let round = 0; round < 10; round++) {
      const { status, messages } = await call(await connect(), INFO)
      assert.deepEqual([status, messages.map(({ length }) => length)], [0, [size]])
    }
  })

  test('what is no HTTP/2 ends both', async (t) => {
    const { dial: dialAs, last } = await place(t)
    const socket = await dialAs()
    socket.write('POST /grpc HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nGET / HTTP/1.1\r\n\r\n')
    await endOf(socket)
    await endOf(last() as Duplex)
    assert.ok(socket.destroyed || socket.readableEnded)
  })
})

const build = (id: string): Buffer => Buffer.concat([bytesField(1, id), bytesField(8, '')])

describe('sessions and builds', () => {
  test('belong to who has opened them, also if the call that names them comes first', async (t) => {
    const { connect, dial: dialAs } = await place(t)
    const [anns, bobs] = [await connect(), await connect(bob)]
    const early = call(anns, SOLVE, solve(bytesField(5, 's1')))
    await delay(50)
    await openSession(await dialAs(), 's1')
    assert.equal((await early).status, 0)
    assert.equal(
      codeIn((await call(bobs, SOLVE, Buffer.concat([bytesField(1, 'b2'), bytesField(5, 's1')]))).message),
      'TARGET_UNKNOWN',
    )
    // The id of ann's build, for a build of bob.
    assert.equal(codeIn((await call(bobs, SOLVE, solve())).message), 'TARGET_UNKNOWN')
    assert.equal((await call(anns, STATUS, bytesField(1, 'build-1'))).status, 0)
    assert.equal(codeIn((await call(bobs, STATUS, bytesField(1, 'build-1'))).message), 'TARGET_UNKNOWN')
  })

  test('with two ids, an id that BuildKit could take for another one, or that of somebody else are refused', async (t) => {
    const { dial: dialAs } = await place(t)
    await openSession(await dialAs(), 's1')
    for (const id of ['own\r\nX-Docker-Expose-Session-Uuid: s1', 'x:s1', 'x'.repeat(200), ''])
      await assert.rejects(openSession(await dialAs(bob), id), /^Error: HTTP\/1\.1 400 [^]*MALFORMED_REQUEST/)
    await assert.rejects(openSession(await dialAs(bob), 's1'), /^Error: HTTP\/1\.1 403 [^]*TARGET_UNKNOWN/)
    await openSession(await dialAs(bob), 's2')
  })

  const EMPTY: Readonly<Record<string, readonly string[]>> = {
    'with the head': ['0\r\n\r\n'],
    'after the head': ['', '0\r\n\r\n'],
    'in parts': ['0', '\r\n', '\r', '\n'],
    'not at all': [''],
  }
  for (const [when, parts] of Object.entries(EMPTY))
    test(`open with an empty chunked body, as of dockerode, whose end arrives ${when}`, async (t) => {
      const { daemon, dial: dialAs, received } = await place(t)
      const client = await openChunked(await dialAs(), parts)
      t.after(() => client.destroy())
      assert.equal((await call(client, INFO)).status, 0)
      assert.deepEqual([received.map(({ path }) => path), daemon.requests], [[INFO], ['POST /session']])
    })

  const OTHERS: Readonly<Record<string, readonly [parts: readonly string[], field?: string]>> = {
    'another body': [['1\r\nx\r\n0\r\n\r\n']],
    'a trailer': [['0\r\nx: y\r\n\r\n']],
    'two ends': [['0\r\n\r\n', '0\r\n\r\n']],
    'an end without a body': [['0\r\n\r\n'], ''],
    'a request behind it': [['0\r\n\r\nPOST /containers/evil/start HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n']],
  }
  for (const [name, [parts, field]] of Object.entries(OTHERS))
    test(`end with ${name}, and the daemon gets no other request`, async (t) => {
      const { daemon, dial: dialAs, received } = await place(t)
      const socket = await dialAs()
      const client = await openChunked(socket, parts, field)
      t.after(() => client.destroy())
      await assert.rejects(call(client, INFO))
      assert.deepEqual([received.length, daemon.requests], [0, ['POST /session']])
    })

  test('with a body of some length are refused', async (t) => {
    const { daemon, dial: dialAs } = await place(t)
    for (const body of ['0\r\n\r\n', '{"a":1}']) {
      const opened = openChunked(await dialAs(), [body], `Content-Length: ${body.length}\r\n`)
      await assert.rejects(opened, /^Error: HTTP\/1\.1 403 /)
    }
    assert.deepEqual(daemon.requests, [])
  })

  test('end with their connection', async (t) => {
    const { connect, dial: dialAs } = await place(t)
    const socket = await dialAs()
    await openSession(socket, 's1')
    const anns = await connect()
    assert.equal((await call(anns, SOLVE, solve(bytesField(5, 's1')))).status, 0)
    socket.destroy()
    await delay(100)
    assert.equal(codeIn((await call(anns, SOLVE, solve(bytesField(5, 's1')))).message), 'TARGET_UNKNOWN')
  })

  test('stay with who has opened them: after many others, and after a restart of the gateway', async (t) => {
    const { connect, again } = await place(t)
    const [anns, bobs] = [await connect(), await connect(bob)]
    for (let number = 0; number <= 201; number++)
      assert.equal((await call(anns, SOLVE, build(`build-${number}`))).status, 0)
    const [annsAgain, bobsAgain] = [await (await again())(), await (await again())(bob)]
    const tries = await Promise.all([
      call(bobs, SOLVE, build('build-0')),
      call(bobs, STATUS, bytesField(1, 'build-0')),
      call(bobs, SOLVE, build('build-201')),
      call(bobsAgain, SOLVE, build('build-0')),
      call(bobsAgain, SOLVE, build('build-201')),
      // What the gateway has forgotten is nobody's.
      call(anns, STATUS, bytesField(1, 'build-0')),
      call(annsAgain, SOLVE, build('build-201')),
    ])
    assert.deepEqual([...new Set(tries.map(({ message }) => codeIn(message)))], ['TARGET_UNKNOWN'])
    assert.equal((await call(anns, STATUS, bytesField(1, 'build-201'))).status, 0)
    assert.equal((await call(anns, SOLVE, build('build-201'))).status, 0)
    assert.equal((await call(annsAgain, SOLVE, build('another'))).status, 0)
  })

  test('are remembered as long as they run', async (t) => {
    let isFirst = true
    const { connect } = await place(t, (one) => {
      if (isFirst) isFirst = false
      else echo(one)
    })
    const [anns, bobs] = [await connect(), await connect(bob)]
    const running = begin(anns, SOLVE)
    running.write(frame(build('long')))
    running.end()
    // BuildKit refuses a second one, which ends nothing.
    assert.equal((await call(anns, SOLVE, build('long'))).status, 0)
    for (let number = 0; number <= 201; number++) await call(anns, SOLVE, build(`build-${number}`))
    assert.equal((await call(anns, STATUS, bytesField(1, 'long'))).status, 0)
    assert.equal(codeIn((await call(bobs, SOLVE, build('long'))).message), 'TARGET_UNKNOWN')
    running.close()
  })

  test('begin only if the daemon says that it does not know them, or has no history', async (t) => {
    const rows: readonly (readonly [answer: Answer, status: number])[] = [
      [({ stream }) => stream.respond({ ':status': 200, 'grpc-status': '12' }, { endStream: true }), 0],
      [knowsNothing, 14],
      [({ stream }) => stream.respond({ ':status': 404 }, { endStream: true }), 14],
      [({ stream }) => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR), 14],
    ]
    for (const [asked, status] of rows) {
      const { connect, received } = await place(t, echo, { asked })
      assert.equal((await call(await connect(), SOLVE, solve())).status, status)
      assert.equal(received.length, status === 0 ? 1 : 0)
    }
  })

  for (const [level, wanted] of [
    ['read-only', { status: 7, code: 'OPERATION_REFUSED', sent: [], asked: 1 }],
    ['baseline', { status: 0, code: '', sent: [SOLVE], asked: 2 }],
  ] as const)
    test(`are decided about again if the policy changes to ${level} while the daemon is asked`, async (t) => {
      const asked: Received[] = []
      const { connect, received, events, reload } = await place(t, echo, { asked: (one) => void asked.push(one) })
      const solved = call(await connect(), SOLVE, solve())
      await until(() => asked.length === 1, 'the daemon is asked')
      reload({ policy: definePolicy({ version: 1, rules: [{ name: 'ann', who: { commonName: 'ann' }, level }] }) })
      const answer = history(new Set())
      asked.forEach(answer)
      await until(() => asked.length === wanted.asked, 'it is asked again')
      asked.slice(1).forEach(answer)
      const { status, message } = await solved
      assert.deepEqual([status, codeIn(message)], [wanted.status, wanted.code])
      assert.deepEqual(
        received.map(({ path }) => path),
        wanted.sent,
      )
      const begun = events.filter((event) => event.event === 'begin' && event.path === SOLVE)
      assert.equal(begun.length, 1)
    })

  test('are refused if the daemon has not answered after 10 s', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const silent = Object.assign(new EventEmitter(), { end: () => undefined, close: () => undefined })
    const daemon = { closed: false, destroyed: false, request: () => silent } as never
    const refused = refuseKnownBuild(daemon, 'build-1', new AbortController().signal)
    t.mock.timers.tick(10_000)
    assert.equal(
      (await Promise.race([refused, new Promise<undefined>((resolve) => setImmediate(() => resolve(undefined)))]))
        ?.status,
      503,
    )
  })

  test('belong to a line of certificates: what the first has opened, the renewed one can follow', async (t) => {
    const { cert, key } = await createIssuer(credentials.authority, { name: 'renewals' })
    const { connect } = await place(t, echo, { issuer: { cert, key } })
    const [old, authority] = [ann.cert, credentials.authority.certificate].map((pem) => new X509Certificate(pem))
    assert.ok(old && authority)
    const origin = {
      serial: serialOf(old.serialNumber),
      fingerprint256: old.fingerprint256,
      issuerFingerprint256: authority.fingerprint256,
      validTo: new Date(old.validTo),
    }
    const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const renewed = loadIssuer({ cert, key }).renew({ old, origin, publicKey: keys.publicKey, life: 600_000, ends: [] })
    const client = {
      ca: ann.ca,
      cert: renewed.toString(),
      key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    }
    assert.equal((await call(await connect(), SOLVE, solve())).status, 0)
    assert.equal((await call(await connect(client), STATUS, bytesField(1, 'build-1'))).status, 0)
    assert.equal(codeIn((await call(await connect(bob), STATUS, bytesField(1, 'build-1'))).message), 'TARGET_UNKNOWN')
  })

  test('make the calls that name them wait while the daemon is slow to say whether it knows them', async (t) => {
    const [knows, ids] = [history(new Set(['known'])), ['new', 'known']]
    const { connect } = await place(t, echo, { asked: (one) => void setTimeout(knows, 2_300, one) })
    const [client, bobs] = [await connect(), await connect(bob)]
    // It was refused once, which says nothing about the next time.
    const refusedBefore = await call(client, SOLVE, Buffer.concat([build('new'), bytesField(9, 'network.host')]))
    assert.equal(codeIn(refusedBefore.message), 'HOST_NAMESPACE')
    const solves = ids.map((id) => call(client, SOLVE, build(id)))
    await delay(100)
    const others = call(bobs, STATUS, bytesField(1, 'new'))
    const follow = ids.map((id) => call(client, STATUS, bytesField(1, id)))
    assert.equal(codeIn((await others).message), 'TARGET_UNKNOWN')
    const [[begun, refused], [followed, not]] = [await Promise.all(solves), await Promise.all(follow)]
    assert.deepEqual([begun?.status, followed?.status], [0, 0])
    assert.deepEqual([codeIn(refused?.message ?? ''), not?.message], ['TARGET_UNKNOWN', refused?.message])
  })

  test('that the daemon does not answer for refuse the calls that name them for the same reason', async (t) => {
    const { connect } = await place(t, echo, { asked: knowsNothing })
    const client = await connect()
    const early = call(client, STATUS, bytesField(1, 'build-1'))
    await delay(50)
    const { status, message } = await call(client, SOLVE, solve())
    assert.equal(status, 14)
    assert.deepEqual([(await early).status, (await early).message], [14, message])
  })

  test('that are refused refuse the calls that name them for the same reason', async (t) => {
    const { connect } = await place(t)
    const client = await connect()
    const early = call(client, STATUS, bytesField(1, 'build-1'))
    await delay(50)
    const { message } = await call(client, SOLVE, solve(bytesField(9, 'network.host')))
    assert.equal(codeIn(message), 'HOST_NAMESPACE')
    assert.equal((await early).message, message)
    assert.equal((await call(client, STATUS, bytesField(1, 'build-1'))).message, message)
  })
})

/** An event of BuildKit's history: a record with an attestation, a result and a trace. */
function recordOf(id: string, name: string): Buffer {
  const descriptor = (what: string): Buffer => bytesField(2, digestOf(`${name} ${what}`))
  const result = Buffer.concat([
    bytesField(2, descriptor('attestation')),
    bytesField(3, Buffer.concat([numberField(1, 0), bytesField(2, descriptor('result'))])),
  ])
  const record = [
    bytesField(1, id),
    mapField(3, { 'build-arg:TOKEN': `of ${name}` }),
    bytesField(8, descriptor('log')),
    bytesField(10, result),
    bytesField(11, Buffer.concat([bytesField(1, 'linux/arm64'), bytesField(2, bytesField(2, descriptor('other')))])),
    bytesField(13, descriptor('trace')),
    bytesField(18, descriptor('error')),
    numberField(999, 1),
  ]
  return Buffer.concat([numberField(1, 1), bytesField(2, Buffer.concat(record))])
}
const digestOf = (name: string): string => `sha256:${createHash('sha256').update(name).digest('hex')}`

const READ = '/containerd.services.content.v1.Content/Read'
const [OF_ANN, OF_BOB] = [recordOf('of-ann', 'ann'), recordOf('of-bob', 'bob')]

/** Sends the answer in parts of so many bytes, to whoever asks for everything. */
const answering =
  (frames: Uint8Array, size = frames.length): Answer =>
  ({ stream }) => {
    stream.once('data', (body: Buffer) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.once('wantTrailers', () => stream.closed || stream.sendTrailers({ 'grpc-status': '0' }))
      if (idIn(body) !== '') return stream.end()
      for (let from = 0; from < frames.length; from += size) stream.write(frames.subarray(from, from + size))
      stream.end()
    })
  }

/** The code with which a client may not read a blob. */
const read = async (client: ClientHttp2Session, what: string): Promise<string> =>
  codeIn((await call(client, READ, bytesField(1, digestOf(what)))).message)

describe('the history', () => {
  const ALL = Buffer.concat([OF_BOB, OF_ANN, recordOf('of-nobody', 'nobody'), OF_BOB].map((one) => frame(one)))
  for (const size of [1, 7, 4_096]) {
    test(`has the builds of the caller alone, in parts of ${size} bytes`, async (t) => {
      const { connect } = await place(t, echo, { asked: answering(ALL, size) })
      const [anns, bobs] = [await connect(), await connect(bob)]
      await call(anns, SOLVE, build('of-ann'))
      await call(bobs, SOLVE, build('of-bob'))
      const { status, messages } = await call(anns, HISTORY)
      assert.deepEqual([status, messages], [0, [OF_ANN]])
      assert.deepEqual((await call(bobs, HISTORY)).messages, [OF_BOB, OF_BOB])
      assert.deepEqual((await call(await connect(await newClient('eve')), HISTORY)).messages, [])
    })
  }

  test('gives the content that an own record names, and nothing else', async (t) => {
    const { connect } = await place(t, echo, { asked: answering(ALL) })
    const [anns, bobs] = [await connect(), await connect(bob)]
    await call(anns, SOLVE, build('of-ann'))
    await call(bobs, SOLVE, build('of-bob'))
    assert.equal(await read(anns, 'ann result'), 'TARGET_UNKNOWN')
    await call(anns, HISTORY)
    await call(bobs, HISTORY)
    for (const what of ['attestation', 'result', 'other', 'log', 'error'])
      assert.deepEqual([await read(anns, `ann ${what}`), await read(anns, `bob ${what}`)], ['', 'TARGET_UNKNOWN'], what)
    // A client can give its build the trace of another one.
    for (const what of ['ann trace', 'nobody result']) assert.equal(await read(anns, what), 'TARGET_UNKNOWN')
  })

  test('that the gateway can not read is no success', async (t) => {
    const twice = Buffer.concat([bytesField(2, bytesField(1, 'of-bob')), bytesField(2, bytesField(1, 'of-ann'))])
    const rows: readonly (readonly [answer: Buffer, isWhole: boolean])[] = [
      [frame(twice), true],
      [frame(bytesField(2, Buffer.from([0x0d]))), false],
      [frame(OF_ANN, 1), false],
      [Buffer.from([0, 0xff, 0xff, 0xff, 0xff]), false],
    ]
    for (const [answer, isWhole] of rows) {
      const { connect } = await place(t, echo, { asked: answering(answer) })
      const anns = await connect()
      await call(anns, SOLVE, build('of-ann'))
      const { status, messages } = await call(anns, HISTORY).catch(() => ({ status: -1, messages: [] }))
      assert.deepEqual([status === 0, messages], [isWhole, []])
    }
  })
})

test('whoever has the level privileged speaks with the daemon itself', async (t) => {
  const { connect, received, events } = await place(t)
  const client = await connect(await newClient('root'))
  assert.equal((await call(client, '/a.B/C')).status, 0)
  assert.deepEqual(
    received.map(({ path }) => path),
    ['/a.B/C'],
  )
  assert.equal(
    events.some((event) => event.event === 'request' && event.path === '/a.B/C'),
    false,
  )
})
