import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, lstat, mkdir } from 'node:fs/promises'
import { request as ask, type ServerResponse } from 'node:http'
import { connect as connectSocket, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { PassThrough, type Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { createGateway, type AskedRequest, type GatewayOptions } from '../../lib/gateway.ts'
import { readBody } from '../../lib/gateway/arriving/body.ts'
import { definePolicy } from '../../lib/policy.ts'
import { startOwnClock } from '../support/own-time.ts'
import { temporaryFolder } from '../support/temporary.ts'
import {
  dial,
  dispatcherTo,
  endOf,
  fakeDaemon,
  front,
  newClient,
  readUntil,
  serverTls,
  type FakeDaemon,
} from './support/fixture.ts'
import { until, untilEnded } from './support/until.ts'

const PING = 'GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n'
/** What the daemon says of a plain container. */
const WEB = JSON.stringify({ Id: 'a'.repeat(64), Config: { Image: 'web' }, HostConfig: { NetworkMode: 'none' } })
const EVENTS = 'GET /events HTTP/1.1\r\nHost: x\r\n\r\n'

/** A daemon whose events never end, and whose inspections never answer. */
function patientDaemon(t: TestContext): Promise<FakeDaemon> {
  return fakeDaemon(t, {
    answer: (request, response) => {
      if (request.url === '/events') response.write('tick')
      else if (request.url === '/_ping') response.end('OK')
    },
  })
}

describe('limits of one identity', () => {
  test('one with 200 streams and slow bodies does not slow another down', async (t) => {
    const daemon = await patientDaemon(t)
    const { port } = await front(t, { socketPath: daemon.socketPath })
    const bob = await newClient('bob')
    const sockets = await Promise.all(Array.from({ length: 250 }, () => dial(t, port, { client: bob })))
    await Promise.all(
      sockets.map(async (socket, index) => {
        if (index < 200) {
          socket.write(EVENTS)
          return readUntil(socket, 'tick')
        }
        socket.write(
          'POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4000000\r\n\r\n{',
        )
        return ''
      }),
    )
    const dispatcher = await dispatcherTo(t, port)
    const times: number[] = []
    for (let round = 0; round < 200; round++) {
      const began = performance.now()
      const { statusCode, body } = await dispatcher.request({
        origin: dispatcher.origin,
        path: '/_ping',
        method: 'GET',
      })
      await body.text()
      assert.equal(statusCode, 200)
      times.push(performance.now() - began)
    }
    const sorted = times.toSorted((one, other) => one - other)
    assert.ok((sorted[100] ?? 99) < 20, `the median of a ping is ${sorted[100]} ms`)
    t.diagnostic(`median ${sorted[100]?.toFixed(2)} ms, 99th percentile ${sorted[198]?.toFixed(2)} ms`)
  })

  // A client of ours has 128 connections for short calls.
  for (const [what, path] of [
    ['get no answer', '/containers/web/json'],
    ['get an answer that nobody reads', '/containers/json'],
  ] as const) {
    test(`two whose requests ${what} keep a third one from nothing`, async (t) => {
      const large = Buffer.alloc(16 * 1024 * 1024)
      const daemon = await fakeDaemon(t, {
        answer: (request, response) => {
          if (request.url === '/_ping') response.end('OK')
          else if (request.url === '/containers/json') response.end(large)
        },
      })
      const { port } = await front(t, { socketPath: daemon.socketPath })
      for (const name of ['bob', 'eve']) {
        const client = await newClient(name)
        const sockets = await Promise.all(Array.from({ length: 64 }, () => dial(t, port, { client })))
        for (const socket of sockets) socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
      }
      await until(() => daemon.requests.length === 128, 'the daemon has all requests')
      const socket = await dial(t, port)
      const ownTime = startOwnClock()
      socket.write(PING)
      assert.match(await readUntil(socket, '\r\n\r\n'), /^HTTP\/1\.1 200 /)
      const took = ownTime()
      assert.ok(took < 500, `a ping took ${took} ms`)
    })
  }

  test('inspections of one that get no answer keep those of another from nothing', async (t) => {
    const daemon = await fakeDaemon(t, {
      answer: (request, response) => {
        if (request.url?.startsWith('/containers/silent/') !== true) response.end(WEB)
      },
    })
    const policy = definePolicy({ version: 1, rules: [{ name: 'all', who: { any: true }, level: 'baseline' }] })
    const { port } = await front(t, { socketPath: daemon.socketPath }, { authorize: undefined, policy })
    const client = await newClient('bob')
    const sockets = await Promise.all(Array.from({ length: 128 }, () => dial(t, port, { client })))
    for (const socket of sockets) socket.write('POST /containers/silent/start HTTP/1.1\r\nHost: x\r\n\r\n')
    await until(() => daemon.requests.length === 128, 'the daemon has all inspections')
    const socket = await dial(t, port)
    socket.write('POST /containers/web/start HTTP/1.1\r\nHost: x\r\n\r\n')
    assert.match(await readUntil(socket, '\r\n\r\n'), /^HTTP\/1\.1 200 /)
  })

  for (const [what, head, level] of [
    ['a JSON body', 'POST /containers/create HTTP/1.1\r\nContent-Type: application/json', 'baseline'],
    ['a body that is refused', 'POST /containers/create HTTP/1.1\r\nContent-Type: application/json', 'read-only'],
    ['an archive', 'PUT /containers/a/archive?path=/ HTTP/1.1\r\nContent-Type: application/x-tar', 'privileged'],
  ] as const)
    test(`${what} in chunks of one byte keeps another client from nothing`, async (t) => {
      const daemon = await fakeDaemon(t, {
        answer: (request, response) => void request.resume().once('end', () => response.end('OK')),
      })
      const rules = [
        { name: 'bob', who: { commonName: 'bob' }, level },
        { name: 'alice', who: { commonName: 'alice' }, level: 'baseline' },
      ] as const
      const policy = definePolicy({ version: 1, rules })
      const { port } = await front(t, { socketPath: daemon.socketPath }, { authorize: undefined, policy })
      const bob = await newClient('bob')
      const sockets = await Promise.all(Array.from({ length: 4 }, () => dial(t, port, { client: bob })))
      const alice = await dial(t, port)
      const chunks = Buffer.from('1\r\n \r\n'.repeat(100_000))
      for (const socket of sockets) {
        socket.write(`${head}\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`)
        socket.write(chunks)
      }
      await delay(1)
      const ownTime = startOwnClock()
      alice.write(PING)
      assert.match(await readUntil(alice, 'OK', 60_000), /^HTTP\/1\.1 200 /)
      const took = ownTime()
      assert.ok(took < 300, `a ping took ${took} ms`)
    })

  test('a short request counts as one, however its path is written', async (t) => {
    const daemon = await patientDaemon(t)
    const policy = definePolicy({ version: 1, rules: [{ name: 'all', who: { any: true }, level: 'read-only' }] })
    const limits = { requests: 1, streams: 2 }
    const { port } = await front(t, { socketPath: daemon.socketPath }, { authorize: undefined, policy, limits })
    const [one, two, three] = await Promise.all([1, 2, 3].map(() => dial(t, port)))
    assert.ok(one && two && three)
    one.write('GET /containers/%6ason HTTP/1.1\r\nHost: x\r\n\r\n')
    await until(() => daemon.requests.length === 1, 'the daemon has the first')
    two.write('GET /%63ontainers/json HTTP/1.1\r\nHost: x\r\n\r\n')
    assert.match(await readUntil(two, /\}\n/), /^HTTP\/1\.1 429 [^]*1 requests open/)
    // They have given back what they took as streams.
    for (const socket of [two, three]) {
      socket.write(EVENTS)
      assert.match(await readUntil(socket, /tick|\}\n/), /^HTTP\/1\.1 200 /)
    }
    one.destroy()
    await delay(50)
    const four = await dial(t, port)
    four.write('GET /_pin%67 HTTP/1.1\r\nHost: x\r\n\r\n')
    assert.match(await readUntil(four, /\}\n/), /^HTTP\/1\.1 429 [^]*2 streams open/)
    two.destroy()
    await delay(50)
    const five = await dial(t, port)
    five.write('GET /_pin%67 HTTP/1.1\r\nHost: x\r\n\r\n')
    assert.match(await readUntil(five, 'OK'), /^HTTP\/1\.1 200 /)
    assert.equal(daemon.requests.filter((line) => line.endsWith('/_ping')).length, 1)
  })

  test('a client of ours may have all its short requests open at once', async (t) => {
    const waiting: ServerResponse[] = []
    const daemon = await fakeDaemon(t, { answer: (_request, response) => void waiting.push(response) })
    const { port, events } = await front(t, { socketPath: daemon.socketPath })
    const dispatcher = await dispatcherTo(t, port)
    const path = '/containers/web/json'
    const asked = Array.from({ length: 128 }, () =>
      dispatcher.request({ origin: dispatcher.origin, path, method: 'GET' }),
    )
    // The client opens more connections once it has waited for a second.
    await until(() => waiting.length === 128 || events.length > 0, 'the daemon has all requests, or one has ended')
    for (const response of waiting) response.end('OK')
    const statuses = (await Promise.all(asked)).map(({ statusCode }) => statusCode)
    assert.deepEqual([...new Set(statuses)], [200])
  })

  test('too many streams, requests, bodies and connections are refused, and count again when they have ended', async (t) => {
    const daemon = await patientDaemon(t)
    const limits = { streams: 2, requests: 1, connections: 5, heldBytes: 100, bodyTimeout: 60_000 }
    const { port, events } = await front(t, { socketPath: daemon.socketPath }, { limits })
    const bob = await newClient('bob')
    const [one, two, three, four] = await Promise.all([1, 2, 3, 4].map(() => dial(t, port, { client: bob })))
    assert.ok(one && two && three && four)
    for (const socket of [one, two]) {
      socket.write(EVENTS)
      await readUntil(socket, 'tick')
    }
    three.write(EVENTS)
    assert.match(await readUntil(three, /\}\n/), /^HTTP\/1\.1 429 [^]*TOO_MANY_REQUESTS[^]*2 streams open/)
    three.write('GET /containers/a/json HTTP/1.1\r\nHost: x\r\n\r\n')
    await delay(50)
    four.write(PING)
    assert.match(await readUntil(four, /\}\n/), /429[^]*1 requests open/)
    three.destroy()
    two.destroy()
    await delay(50)
    const head =
      'POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 200\r\n\r\n'
    four.write(head + 'x'.repeat(150))
    assert.match(await readUntil(four, /\}\n/), /429[^]*too many bodies/)
    const five = await dial(t, port, { client: bob })
    five.write(EVENTS)
    assert.match(await readUntil(five, 'tick'), /200/)
    await Promise.all([1, 2, 3, 4].map(() => dial(t, port, { client: bob })))
    await delay(50)
    const cut = events.flatMap((event) => (event.event === 'cut' ? [`${event.address} ${event.reason}`] : []))
    assert.ok(cut.includes('127.0.0.1 too many connections'))
    const alice = await dial(t, port)
    alice.write(PING)
    assert.match(await readUntil(alice, 'OK'), /200/)
  })

  test('a head that is too large or too slow, and a connection that is idle', async (t) => {
    const daemon = await patientDaemon(t)
    const limits = { headBytes: 2_000, headTimeout: 300, idleTimeout: 300 }
    const { port } = await front(t, { socketPath: daemon.socketPath }, { limits })
    const large = await dial(t, port)
    large.write(`GET /_ping HTTP/1.1\r\nHost: x\r\nUser-Agent: ${'x'.repeat(3_000)}\r\n\r\n`)
    assert.match(await readUntil(large, /\}\n/), /^HTTP\/1\.1 431 [^]*HEAD_TOO_LARGE/)
    const slow = await dial(t, port)
    slow.write('GET /_ping HTTP/1.1\r\n')
    assert.match(await readUntil(slow, /\}\n/), /^HTTP\/1\.1 408 [^]*REQUEST_TIMEOUT/)
    const silent = await dial(t, port)
    await endOf(silent)
    const idle = await dial(t, port)
    idle.write(PING)
    await readUntil(idle, 'OK')
    await endOf(idle)
  })

  test('silent events, an attached stream and a slow upload are not idle: they outlive all time limits, and go on', async (t) => {
    let silent: ServerResponse | undefined
    const daemon = await fakeDaemon(t, {
      answer: (request, response) => {
        if (request.url === '/events') {
          silent = response
          return response.flushHeaders()
        }
        let body = ''
        request.on('data', (chunk) => (body += String(chunk))).once('end', () => response.end(`got ${body}.`))
      },
      upgrade: (_request, socket) => {
        socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n')
        socket.pipe(socket)
      },
    })
    const limits = { headTimeout: 300, bodyTimeout: 300, idleTimeout: 300 }
    const { port, events } = await front(t, { socketPath: daemon.socketPath }, { limits })
    const open = async (head: string): Promise<TLSSocket> => {
      const socket = await dial(t, port)
      socket.write(head)
      return socket
    }
    const following = await open(EVENTS)
    await readUntil(following, '\r\n\r\n')
    const attached = await open(
      'POST /containers/a/attach?stream=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n',
    )
    await readUntil(attached, '\r\n\r\n')
    const upload = await open(
      'POST /images/load HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n',
    )
    const idle = await open(PING)
    await readUntil(idle, 'got .')
    // Node looks for what is late once in a second.
    await Promise.all([endOf(idle), delay(2_500)])
    silent?.write('tick')
    attached.write('input')
    upload.write('5\r\n, two\r\n0\r\n\r\n')
    assert.match(await readUntil(following, 'tick'), /tick/)
    assert.match(await readUntil(attached, 'input'), /input/)
    assert.match(await readUntil(upload, 'two.'), /^HTTP\/1\.1 200 [^]*got one, two\./)
    assert.deepEqual(
      events.filter(({ event }) => event === 'cut' || event === 'failure'),
      [],
    )
  })

  test('a connection is cut on which more than 16 requests are open, also if each of them is refused', async (t) => {
    const daemon = await patientDaemon(t)
    const { port, events } = await front(t, { socketPath: daemon.socketPath })
    const warnings: Error[] = []
    const warn = (warning: Error): number => warnings.push(warning)
    process.on('warning', warn)
    t.after(() => process.off('warning', warn))
    const socket = await dial(t, port)
    socket.write(EVENTS)
    await readUntil(socket, 'tick')
    socket.write('GET / HTTP/1.1\r\nHost:\r\n\r\n'.repeat(15))
    await delay(50)
    assert.ok(isOpen(socket))
    socket.write('GET / HTTP/1.1\r\nHost:\r\n\r\n'.repeat(655))
    await Promise.race([endOf(socket), delay(2_000)])
    assert.ok(!isOpen(socket))
    await until(() => daemon.open() === 0, 'the daemon has no connection')
    // Those behind the one that is too many are never read.
    assert.equal((await untilEnded(events, 1 + 15 + 1)).length, 1 + 15 + 1)
    assert.deepEqual(warnings, [])
  })

  test('requests that wait behind another on their connection are counted until they have ended', async (t) => {
    const daemon = await patientDaemon(t)
    const { port } = await front(t, { socketPath: daemon.socketPath }, { limits: { streams: 3 } })
    const socket = await dial(t, port)
    socket.write(EVENTS.repeat(3))
    await readUntil(socket, 'tick')
    socket.destroy()
    await delay(50)
    for (let count = 0; count < 3; count++) {
      const again = await dial(t, port)
      again.write(EVENTS)
      assert.match(await readUntil(again, /tick|\}\n/), /^HTTP\/1\.1 200/)
    }
  })
})

async function local(t: TestContext, listen: Partial<Extract<GatewayOptions['listen'], { socket: string }>> = {}) {
  const daemon = await patientDaemon(t)
  const socket = join(await temporaryFolder(t), 'agent.sock')
  const asked: AskedRequest[] = []
  const gateway = await createGateway({
    listen: { socket, as: 'agent', ...listen },
    daemon: { socketPath: daemon.socketPath },
    authorize: (one) => (
      asked.push(one),
      one.method === 'GET' ? { allow: true } : { allow: false, status: 403, code: 'NO', message: 'no' }
    ),
  })
  t.after(() => gateway.close())
  return { socket, asked, gateway }
}

function status(socketPath: string, method = 'GET'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = ask({ socketPath, path: '/_ping', method }, (answer) => resolve(answer.resume().statusCode))
    request.once('error', reject).end()
  })
}

const isOpen = (socket: Socket): boolean => !socket.destroyed && !socket.readableEnded

describe('connections without a certificate', () => {
  test('are 500 at a time, the newest, so that 2,000 silent ones keep no client out', async (t) => {
    const daemon = await patientDaemon(t)
    const { port } = await front(t, { socketPath: daemon.socketPath })
    const before = await dial(t, port)
    const silent: Socket[] = []
    t.after(() => {
      for (const socket of silent) socket.destroy()
    })
    for (let round = 0; round < 40; round++) {
      const some = Array.from({ length: 50 }, () => connectSocket(port, '127.0.0.1'))
      for (const socket of some) socket.on('error', () => {}).resume()
      silent.push(...some)
      await Promise.all(some.map((socket) => once(socket, 'connect')))
    }
    const late = performance.now() + 3_000
    while (silent.filter(isOpen).length > 500 && performance.now() < late) await delay(20)
    assert.equal(silent.filter(isOpen).length, 500)
    assert.ok(silent.slice(1_600).every(isOpen))
    const bob = await newClient('bob')
    const began = performance.now()
    // Who has shown a certificate isn't one of them, however many come.
    for (const socket of [before, await dial(t, port), await dial(t, port, { client: bob })]) {
      socket.write(PING)
      assert.match(await readUntil(socket, 'OK'), /^HTTP\/1\.1 200/)
    }
    assert.ok(performance.now() - began < 5_000)
  })
})

describe('a local socket', () => {
  test('a client that asks to CONNECT and is gone ends nothing', async (t) => {
    const { socket } = await local(t)
    for (let round = 0; round < 50; round++) {
      const client = connectSocket(socket)
      await once(client, 'connect')
      client.write('CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n', () => client.destroy())
      await once(client, 'close')
    }
    await delay(100)
    assert.equal(await status(socket), 200)
  })

  test('is for its owner, and its name is the identity', async (t) => {
    const { socket, asked, gateway } = await local(t)
    assert.deepEqual([await status(socket), await status(socket, 'DELETE')], [200, 403])
    assert.deepEqual(asked[0]?.identity, { socket: 'agent' })
    assert.equal((await lstat(socket)).mode & 0o777, 0o600)
    assert.deepEqual(gateway.address, { socket })
    await gateway.close()
    await assert.rejects(lstat(socket), { code: 'ENOENT' })
  })

  test('is for its group as well, if the option says so', async (t) => {
    const { socket } = await local(t, { mode: 0o660 })
    assert.equal((await lstat(socket)).mode & 0o777, 0o660)
  })

  test('is refused in a folder where others may write, and beside certificates', async (t) => {
    const folder = join(await temporaryFolder(t), 'open')
    await mkdir(folder)
    await chmod(folder, 0o777)
    await assert.rejects(local(t, { socket: join(folder, 'a.sock') }), { code: 'ERR_FILE_WRITE' })
    const options = {
      listen: { socket: '/x', as: 'a' },
      tls: serverTls,
      daemon: { socketPath: '/x' },
      authorize: () => ({ allow: true }) as const,
    } as const
    await assert.rejects(createGateway(options), { code: 'ERR_ARGUMENT_INVALID' })
  })

  test('half close works over it', async (t) => {
    const daemon = await fakeDaemon(t, {
      upgrade: (_request, socket) => {
        socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n')
        let input = ''
        socket.on('data', (chunk) => (input += String(chunk))).once('end', () => socket.end(`got ${input}`))
      },
    })
    const path = join(await temporaryFolder(t), 'agent.sock')
    const gateway = await createGateway({
      listen: { socket: path, as: 'a' },
      daemon: { socketPath: daemon.socketPath },
      authorize: () => ({ allow: true }),
    })
    t.after(() => gateway.close())
    const socket = connectSocket({ path, allowHalfOpen: true })
    await once(socket, 'connect')
    socket.write('POST /containers/a/attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n')
    await readUntil(socket, '\r\n\r\n')
    socket.end('in')
    assert.equal(await readUntil(socket, 'got in'), 'got in')
  })
})

test('options that are wrong are mistakes of the caller', async () => {
  const good = {
    listen: { port: 0 },
    tls: serverTls,
    daemon: { socketPath: '/x' },
    authorize: () => ({ allow: true }),
  } as const
  const wrong: object[] = [
    { ...good, autorize: 1 },
    { ...good, authorize: undefined },
    { ...good, tls: undefined },
    { ...good, tls: { ...serverTls, key: Buffer.from('') } },
    { ...good, tls: { ...serverTls, passphrase: 'x' } },
    { ...good, listen: { port: 65_536 } },
    { ...good, listen: { port: '2376' } },
    { ...good, listen: { prt: 2376 } },
    { ...good, listen: { socket: '/a', as: '' }, tls: undefined },
    { ...good, listen: { socket: '/a', as: 'a', mode: 0o666 }, tls: undefined },
    { ...good, limits: { streams: 0 } },
    { ...good, limits: { stream: 1 } },
    { ...good, log: 'yes' },
    { ...good, daemon: {} },
  ]
  for (const options of wrong)
    await assert.rejects(
      createGateway(options as GatewayOptions),
      (error: { code?: string }) => /^ERR_(?:ARGUMENT_INVALID|OPTION_UNKNOWN)$/.test(error.code ?? ''),
      JSON.stringify(options).slice(0, 60),
    )
})

test('a port that is taken', async (t) => {
  const { port } = await front(t, { socketPath: '/x' })
  await assert.rejects(front(t, { socketPath: '/x' }, { listen: { host: '127.0.0.1', port } }), {
    code: 'ERR_GATEWAY_LISTEN',
  })
})

const createWith = (VolumesFrom: readonly string[]): string => {
  const body = JSON.stringify({ Image: 'web', HostConfig: { NetworkMode: 'none', VolumesFrom } })
  return `POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

test('a body in chunks of one byte takes no more than a few times its bytes', async () => {
  const source = new PassThrough({ highWaterMark: 1 })
  const size = 2 * 1024 * 1024
  const body = readBody(source, undefined, { bytes: size, milliseconds: 60_000, reserve: () => true })
  const before = process.memoryUsage()
  for (let index = 0; index < size; index++) source.emit('data', Buffer.alloc(1))
  const after = process.memoryUsage()
  const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
  source.emit('end')
  assert.equal((await body).length, size)
  // Buffers of one byte that were not collected yet count as well.
  assert.ok(grown < 32 * size, `${grown} bytes for ${size}`)
})

describe('what the daemon says of the things that a request names', () => {
  const ID = 'f'.repeat(64)
  const policy = definePolicy({ version: 1, rules: [{ name: 'all', who: { any: true }, level: 'baseline' }] })
  const options = { authorize: undefined, policy, limits: { heldBytes: 500_000 } }

  /** Each of its containers has a label of 200,000 bytes. One whose id begins with `f` is the same. */
  const wordyDaemon = (t: TestContext): Promise<FakeDaemon> =>
    fakeDaemon(t, {
      answer: (request, response) => {
        const [, name = ''] = /^\/containers\/(\w+)\/json$/.exec(request.url ?? '') ?? []
        if (name === 'silent') return
        const Config = { Image: 'web', Labels: { long: 'x'.repeat(200_000) } }
        const Id = name.startsWith('f') ? ID : name.padEnd(64, '0')
        response.end(name === '' ? 'OK' : JSON.stringify({ Id, Config, HostConfig: { NetworkMode: 'none' } }))
      },
    })

  test('counts as held until it has decided, and once for each of them', async (t) => {
    const daemon = await wordyDaemon(t)
    const { port, events } = await front(t, { socketPath: daemon.socketPath }, options)
    const socket = await dial(t, port)
    const createIn = async (names: readonly string[]): Promise<string> => {
      socket.write(createWith(names))
      return readUntil(socket, /\r\n\r\n(?:OK|.*\}\n)/)
    }
    const beginnings = Array.from({ length: 20 }, (_, index) => ID.slice(0, index + 4))
    for (let round = 0; round < 2; round++) {
      assert.match(await createIn(beginnings), /^HTTP\/1\.1 200 /)
      assert.match(await createIn(['a', 'b']), /^HTTP\/1\.1 200 /)
      assert.match(
        await createIn(['a', 'b', 'c']),
        /^HTTP\/1\.1 429 [^]*TOO_MANY_REQUESTS[^]*the daemon has more to say/,
      )
    }
    assert.equal(daemon.requests.filter((line) => line.startsWith('POST')).length, 4)
    assert.deepEqual(
      events.filter(({ event }) => event === 'failure'),
      [],
    )
  })

  test('is not asked for any more when the client has left', async (t) => {
    const daemon = await wordyDaemon(t)
    const { port, events } = await front(t, { socketPath: daemon.socketPath }, options)
    for (let round = 0; round < 3; round++) {
      const socket = await dial(t, port)
      socket.write(createWith(['a', 'b', 'silent']))
      await until(() => daemon.requests.at(-1)?.includes('silent') === true, 'the daemon is asked')
      daemon.requests.length = 0
      socket.destroy()
      await until(() => daemon.open() === 0, 'the question has ended')
    }
    assert.deepEqual(
      events.filter(({ event }) => event === 'failure'),
      [],
    )
    const socket = await dial(t, port)
    socket.write(createWith(['a', 'b']))
    assert.match(await readUntil(socket, 'OK'), /^HTTP\/1\.1 200 /)
  })
})

for (const upgrade of ['Connection: Upgrade\r\nUpgrade: tcp\r\n', ''])
  test(`a client of a local socket that has ended the input of a silent stream ${upgrade && 'with an upgrade '}gets the output, and keeps nothing when it is killed`, async (t) => {
    const attached: Duplex[] = []
    const daemon = await fakeDaemon(t, {
      upgrade: (_request, socket) => {
        socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n')
        attached.push(socket.resume())
      },
    })
    const path = join(await temporaryFolder(t), 'agent.sock')
    const listen = { listen: { socket: path, as: 'agent' }, tls: undefined }
    const { events } = await front(t, { socketPath: daemon.socketPath }, listen)
    const client = connectSocket({ path, allowHalfOpen: true })
    client.write(`POST /containers/a/attach HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`)
    await readUntil(client, '\r\n\r\n')
    client.end()
    await delay(1_200)
    attached[0]?.write('late')
    assert.match(await readUntil(client, 'late'), /late/)
    const hasEnded = (): boolean => events.some(({ event }) => event === 'request')
    assert.equal(hasEnded(), false)
    client.destroy()
    await until(hasEnded, 'the stream has ended')
  })

test('a client of a local socket that is killed keeps no stream, also if the daemon reads none of its input', async (t) => {
  const daemon = await fakeDaemon(t, {
    upgrade: (_request, socket) => {
      socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n')
      socket.removeAllListeners('data').pause()
    },
  })
  const path = join(await temporaryFolder(t), 'agent.sock')
  const { events } = await front(
    t,
    { socketPath: daemon.socketPath },
    { listen: { socket: path, as: 'agent' }, tls: undefined },
  )
  const client = connectSocket(path)
  client.write('POST /containers/a/attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n')
  await readUntil(client, '\r\n\r\n')
  while (client.write(Buffer.alloc(65_536)) || (await Promise.race([once(client, 'drain'), delay(300)])) !== undefined);
  client.destroy()
  await untilEnded(events, 1)
})

describe('a client that ends in the body of a request for an upgrade', () => {
  const PART =
    'POST /exec/a/start HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n' +
    'Content-Type: application/json\r\nContent-Length: 200\r\n\r\n{}'
  const limits = { streams: 3, heldBytes: 6 }

  test('keeps nothing of its limits, and no connection', async (t) => {
    const daemon = await patientDaemon(t)
    const { port, events } = await front(t, { socketPath: daemon.socketPath }, { limits })
    for (const end of ['end', 'destroy'] as const) {
      const left = await Promise.all([1, 2, 3].map(() => dial(t, port)))
      for (const socket of left) socket.write(PART, () => socket[end]())
      await Promise.all(left.map((socket) => readUntil(socket, 'nothing')))
    }
    await untilEnded(events, 6)
    const socket = await dial(t, port)
    socket.write(EVENTS)
    assert.match(await readUntil(socket, /tick|\}\n/), /^HTTP\/1\.1 200/)
  })

  test('on a local socket', async (t) => {
    const daemon = await patientDaemon(t)
    const path = join(await temporaryFolder(t), 'agent.sock')
    const gateway = await createGateway({
      listen: { socket: path, as: 'agent' },
      daemon: { socketPath: daemon.socketPath },
      authorize: () => ({ allow: true }),
      limits,
    })
    t.after(() => gateway.close())
    const left = [1, 2, 3].map(() => connectSocket(path))
    for (const socket of left) socket.write(PART, () => socket.end())
    await Promise.all(left.map((socket) => readUntil(socket, 'nothing')))
    const socket = connectSocket(path)
    t.after(() => socket.destroy())
    socket.write(EVENTS)
    assert.match(await readUntil(socket, /tick|\}\n/), /^HTTP\/1\.1 200/)
  })
})

test('CONNECT behind an open request keeps no connection', async (t) => {
  const daemon = await patientDaemon(t)
  const { port } = await front(t, { socketPath: daemon.socketPath }, { limits: { connections: 1 } })
  const socket = await dial(t, port)
  socket.write('GET /containers/a/json HTTP/1.1\r\nHost: x\r\n\r\nCONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n')
  // It has read what has come, so that it leaves with a FIN.
  await Promise.race([endOf(socket), delay(200)])
  socket.destroy()
  await delay(100)
  const next = await dial(t, port)
  next.write(PING)
  assert.match(await readUntil(next, 'OK'), /^HTTP\/1\.1 200/)
  await until(() => daemon.open() <= 1, 'the daemon has no connection of the first')
})

test('a stream that its client leaves counts as one, and makes room for one', async (t) => {
  const daemon = await patientDaemon(t)
  const { port, events } = await front(t, { socketPath: daemon.socketPath }, { limits: { streams: 3 } })
  const open = async (): Promise<string> => {
    const socket = await dial(t, port)
    socket.write(EVENTS)
    const text = await readUntil(socket, /tick|\}\n/)
    if (text.includes('tick')) sockets.push(socket)
    return text.slice(9, 12)
  }
  const sockets: Awaited<ReturnType<typeof dial>>[] = []
  for (const expected of ['200', '200', '200', '429']) assert.equal(await open(), expected)
  sockets[0]?.destroy()
  await delay(100)
  assert.deepEqual([await open(), await open()], ['200', '429'])
  assert.equal((await untilEnded(events, 3)).length, 3)
})
