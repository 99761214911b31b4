import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Readable, type Duplex } from 'node:stream'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { AskedRequest, Verdict } from '../../lib/gateway.ts'
import { hasMlKem } from '../support/ml-kem.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { dial, dispatcherTo, endOf, fakeDaemon, front, readUntil } from './support/fixture.ts'
import { until } from './support/until.ts'

const allow: Verdict = { allow: true }

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

describe('a request', () => {
  test('reaches the daemon with known fields alone, and its answer comes back with known fields', async (t) => {
    const seen: IncomingMessage['rawHeaders'][] = []
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      seen.push(request.rawHeaders)
      response.writeHead(200, {
        'Api-Version': '1.45',
        'X-Odd': '1',
        'Content-Type': 'text/plain',
        Warning: 'w',
        Connection: 'close, x-odd',
      })
      response.end('OK')
    }
    const daemon = await fakeDaemon(t, { answer })
    const { port } = await front(t, { socketPath: daemon.socketPath })
    const socket = await dial(t, port)
    const fields = [
      'Host: evil',
      'User-Agent: me',
      'Accept: a/b',
      'X-Registry-Auth: r',
      'X-Evil: 1',
      'Cookie: c',
      'Connection: keep-alive, X-Registry-Auth',
      'X-Forwarded-For: 1.2.3.4',
      'Authorization: Bearer x',
      'Te: trailers',
    ]
    socket.write(`GET /_ping HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`)
    const text = await readUntil(socket, 'OK')
    const names = (seen[0] ?? []).filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())
    assert.deepEqual(names.toSorted(), ['accept', 'connection', 'host', 'user-agent', 'x-registry-auth'])
    assert.equal(seen[0]?.[seen[0].findIndex((name) => name.toLowerCase() === 'host') + 1], 'localhost')
    assert.match(text, /Api-Version: 1\.45\r\n/)
    assert.match(text, /Warning: w\r\n/)
    assert.doesNotMatch(text, /x-odd/i)
  })

  test('asks with all that the verdict needs; a second one on the connection is asked for, too', async (t) => {
    const asked: AskedRequest[] = []
    const daemon = await fakeDaemon(t)
    const { port } = await front(
      t,
      { socketPath: daemon.socketPath },
      {
        authorize: (one) => {
          asked.push(one)
          return one.method === 'GET'
            ? allow
            : { allow: false, status: 404, code: 'HIDDEN', message: 'No such container: a' }
        },
      },
    )
    const socket = await dial(t, port)
    socket.write(
      'GET /_ping?a=%20 HTTP/1.1\r\nHost: x\r\n\r\nDELETE /containers/a HTTP/1.1\r\nHost: x\r\nX-Any: 1\r\nX-Any: 2\r\n\r\n',
    )
    const text = await readUntil(socket, /\}\n/)
    assert.match(
      text,
      /^HTTP\/1\.1 200 OK[^]*HTTP\/1\.1 404 Not Found[^]*X-Docker-Mtls-Reason: HIDDEN[^]*\{"message":"No such container: a"\}\n$/,
    )
    assert.deepEqual(daemon.requests, ['GET /_ping?a=%20'])
    assert.deepEqual(
      asked.map(({ target, body }) => [target, body]),
      [
        ['/_ping?a=%20', undefined],
        ['/containers/a', undefined],
      ],
    )
    assert.deepEqual([asked[1]?.headers['x-any'], asked[1]?.headers['host']], [['1', '2'], 'x'])
    assert.ok('certificate' in (asked[0]?.identity ?? {}) && asked[0]?.identity)
  })

  test('a verdict that is none, and one that throws, refuse', async (t) => {
    const daemon = await fakeDaemon(t)
    for (const [verdict, status] of [
      [undefined, 403],
      [{}, 403],
      [{ allow: 'yes' }, 403],
      [new Error('broken'), 503],
    ] as const) {
      const { port, events } = await front(
        t,
        { socketPath: daemon.socketPath },
        {
          authorize: () => {
            if (verdict instanceof Error) throw verdict
            return verdict as unknown as Verdict
          },
        },
      )
      const { statusCode, body } = await (
        await dispatcherTo(t, port)
      ).request({ origin: `https://localhost:${port}`, path: '/_ping', method: 'GET' })
      assert.equal(statusCode, status)
      assert.doesNotMatch(await body.text(), /broken/)
      assert.equal(
        events.some(({ event }) => event === 'failure'),
        verdict instanceof Error,
      )
    }
    assert.deepEqual(daemon.requests, [])
  })

  test('a JSON body is asked about whole, and what the verdict says is sent', async (t) => {
    const got: string[] = []
    const daemon = await fakeDaemon(t, {
      answer: (request, response) =>
        void bodyOf(request).then((body) => {
          got.push(`${request.url} ${request.headers['content-type']} ${body.toString()}`)
          response.end('{}')
        }),
    })
    const asked: AskedRequest[] = []
    const { port } = await front(
      t,
      { socketPath: daemon.socketPath },
      {
        authorize: (one) => {
          asked.push(one)
          return {
            allow: true,
            send: { method: 'POST', target: '/v1.45/containers/create', body: Buffer.from('{"b":2}') },
          }
        },
      },
    )
    const socket = await dial(t, port)
    const head =
      'POST /containers/create?name=x HTTP/1.1\r\nHost: x\r\nContent-Type: Application/JSON; charset=utf-16\r\n'
    socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n`)
    await delay(20)
    socket.write('3\r\n:1}\r\n0\r\n\r\n')
    await readUntil(socket, '{}')
    assert.deepEqual(got, ['/v1.45/containers/create application/json {"b":2}'])
    assert.equal(Buffer.from(asked[0]?.body as Uint8Array).toString(), '{"a":1}')
  })

  test('a body that is too large, or too slow, is refused, and the daemon gets nothing', async (t) => {
    const daemon = await fakeDaemon(t)
    const { port } = await front(t, { socketPath: daemon.socketPath }, { limits: { bodyBytes: 100, bodyTimeout: 200 } })
    const head = 'POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
    for (const [rest, reason] of [
      ['Content-Length: 101\r\n\r\n', '413 BODY_TOO_LARGE'],
      [`Transfer-Encoding: chunked\r\n\r\n65\r\n${'x'.repeat(101)}\r\n`, '413 BODY_TOO_LARGE'],
      ['Content-Length: 10\r\n\r\n{', '408 REQUEST_TIMEOUT'],
    ] as const) {
      const socket = await dial(t, port)
      socket.write(head + rest)
      const text = await readUntil(socket, /\}\n/)
      const [status, code] = reason.split(' ')
      assert.match(text, new RegExp(`^HTTP/1.1 ${status} [^]*Reason: ${code}`))
    }
    assert.deepEqual(daemon.requests, [])
  })

  test('Expect: 100-continue is answered when the body may come, and not for a refusal', async (t) => {
    const daemon = await fakeDaemon(t, {
      answer: (request, response) => void bodyOf(request).then((body) => response.end(`got ${body.length}`)),
    })
    let verdict: Verdict = allow
    const { port } = await front(t, { socketPath: daemon.socketPath }, { authorize: () => verdict })
    const head =
      'POST /build HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-tar\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n'
    const socket = await dial(t, port)
    socket.write(head)
    assert.match(await readUntil(socket, '\r\n\r\n'), /^HTTP\/1\.1 100 Continue\r\n\r\n$/)
    socket.write('tar')
    assert.match(await readUntil(socket, 'got 3'), /^HTTP\/1\.1 200/)
    verdict = { allow: false, status: 403, code: 'NO', message: 'no' }
    const other = await dial(t, port)
    other.write(head)
    assert.match(await readUntil(other, /\}\n/), /^HTTP\/1\.1 403 /)
  })
})

test('a connection has the post-quantum key exchange if the Node.js of the gateway and of the client has it', async (t) => {
  const { socketPath } = await fakeDaemon(t)
  const { port } = await front(t, { socketPath })
  const dispatcher = await dispatcherTo(t, port)
  await (await dispatcher.request({ path: '/_ping', method: 'GET' })).body.dump()
  assert.equal(dispatcher.peer?.keyExchange, hasMlKem() ? 'X25519MLKEM768' : 'X25519')
})

describe('a stream', () => {
  const MEGABYTES = 64
  const block = Buffer.alloc(1024 * 1024, 'x')
  const hashOf = (count: number): string => {
    const hash = createHash('sha256')
    for (let index = 0; index < count; index++) hash.update(block)
    return hash.digest('hex')
  }

  test('upload and download: every byte arrives, and a slow reader slows the sender down', async (t) => {
    let [sent, sentUnread, written] = [0, 0, 0]
    /** It reads once the sender has come to a halt. */
    const readLate = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      for (let last = -1; last !== sent; await delay(200)) last = sentUnread = sent
      const hash = createHash('sha256')
      request.on('data', (chunk: Buffer) => hash.update(chunk)).once('end', () => response.end(hash.digest('hex')))
    }
    const daemon = await fakeDaemon(t, {
      answer: (request, response) => {
        if (request.method === 'POST') return void readLate(request, response)
        const write = (): void => {
          while (written < MEGABYTES) {
            written++
            if (!response.write(block)) return void response.once('drain', write)
          }
          response.end()
        }
        write()
      },
    })
    const { port } = await front(t, { socketPath: daemon.socketPath })
    const dispatcher = await dispatcherTo(t, port)
    const { origin } = dispatcher
    const body = Readable.from(
      (function* () {
        for (let index = 0; index < MEGABYTES; index++) {
          sent++
          yield block
        }
      })(),
    )
    const up = await dispatcher.request({
      origin,
      path: '/images/load',
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-tar' },
    })
    assert.equal(await up.body.text(), hashOf(MEGABYTES))
    assert.ok(sentUnread > 0 && sentUnread < 16, `${sentUnread} MiB were sent although the daemon read nothing`)
    const down = await dispatcher.request({ origin, path: '/images/a/get', method: 'GET' })
    await delay(200)
    assert.ok(written < 16, `${written} MiB were written although nobody reads`)
    const hash = createHash('sha256')
    for await (const chunk of down.body) hash.update(chunk as Buffer)
    assert.equal(hash.digest('hex'), hashOf(MEGABYTES))
  })

  test('the head of a silent stream arrives at once; a client that leaves ends the request to the daemon', async (t) => {
    let isClosed = false
    const daemon = await fakeDaemon(t, {
      answer: (request, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders()
        request.socket.once('close', () => (isClosed = true))
      },
    })
    const { port } = await front(t, { socketPath: daemon.socketPath })
    const socket = await dial(t, port)
    socket.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n')
    assert.match(await readUntil(socket, '\r\n\r\n'), /^HTTP\/1\.1 200/)
    socket.destroy()
    await until(() => isClosed, "the daemon's request ends")
  })

  test('a client that leaves in its upload: the daemon never sees the end of it', async (t) => {
    let ended = 'running'
    const daemon = await fakeDaemon(t, {
      answer: (request) =>
        void request
          .on('data', () => {})
          .once('end', () => (ended = 'whole'))
          .once('error', () => (ended = 'cut')),
    })
    const { port } = await front(t, { socketPath: daemon.socketPath })
    for (const field of ['Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', 'Content-Length: 10\r\n\r\nabc']) {
      ended = 'running'
      const socket = await dial(t, port)
      socket.write(`POST /build HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-tar\r\n${field}`)
      await delay(50)
      socket.destroy()
      await until(() => ended !== 'running', 'the upload ends')
      assert.equal(ended, 'cut')
    }
  })

  test('a daemon that breaks off, breaks off the answer: it is never whole', async (t) => {
    const daemon = await fakeDaemon(t, {
      answer: (request, response) => {
        if (request.url === '/events') response.write('half')
        else response.writeHead(200, { 'Content-Length': '10' }).write('half')
        setTimeout(() => request.socket.destroy(), 50)
      },
    })
    const { port } = await front(t, { socketPath: daemon.socketPath })
    for (const path of ['/events', '/images/a/get']) {
      const socket = await dial(t, port)
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
      const text = await readUntil(socket, 'never')
      assert.match(text, /half/)
      assert.doesNotMatch(text, /\r\n0\r\n\r\n/)
    }
  })

  test('a daemon that cannot be reached: 502 with the reason', async (t) => {
    const { port } = await front(t, { socketPath: '/no/such.sock' })
    const socket = await dial(t, port)
    socket.write('GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n')
    assert.match(
      await readUntil(socket, /\}\n/),
      /^HTTP\/1\.1 502 [^]*Reason: DAEMON_UNREACHABLE[^]*ERR_SOCKET_NOT_FOUND/,
    )
  })

  test('a refusal reaches a client that goes on sending', async (t) => {
    const daemon = await fakeDaemon(t)
    const { port } = await front(
      t,
      { socketPath: daemon.socketPath },
      { authorize: () => ({ allow: false, status: 403, code: 'NO', message: 'no' }) },
    )
    const socket = await dial(t, port)
    socket.write(
      'POST /build HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n',
    )
    const timer = setInterval(() => socket.write(`100000\r\n${'x'.repeat(0x100000)}\r\n`), 5)
    t.after(() => clearInterval(timer))
    assert.match(await readUntil(socket, /\}\n/), /^HTTP\/1\.1 403 /)
  })

  test('behind an answer that ends its connection, no request is carried out', async (t) => {
    const daemon = await fakeDaemon(t)
    const { port, events } = await front(t, { socketPath: daemon.socketPath })
    const dispatcher = await dispatcherTo(t, port)
    // The gateway has a connection to the daemon by then.
    await dispatcher.request({ origin: dispatcher.origin, path: '/_ping', method: 'GET' })
    const socket = await dial(t, port)
    socket.write('POST /build HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n')
    assert.match(await readUntil(socket, /OK/), /^HTTP\/1\.1 200 [^]*Connection: close/)
    socket.write('0\r\n\r\nPOST /containers/behind/start HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')
    await endOf(socket)
    await until(() => events.some((event) => event.event === 'request' && event.path.includes('behind')), 'the event')
    await delay(20)
    assert.deepEqual(daemon.requests, ['GET /_ping', 'POST /build'])
    const refusals = events.flatMap((event) => (event.event === 'request' && event.reason ? [event.reason] : []))
    assert.deepEqual(refusals, ['MALFORMED_REQUEST'])
  })

  test('behind an answer that ends its connection, many requests cut it', async (t) => {
    const daemon = await fakeDaemon(t, { answer: (_, response) => void response.write('without an end') })
    const { port } = await front(t, { socketPath: daemon.socketPath })
    const socket = await dial(t, port)
    socket.write('POST /build HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n')
    await readUntil(socket, 'without an end')
    socket.write(`0\r\n\r\n${'GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(100)}`)
    await readUntil(socket, 'the end of the connection')
    assert.deepEqual(daemon.requests, ['POST /build'])
  })
})

describe('a hijacked connection', () => {
  const attach = 'POST /containers/a/attach?stream=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n'

  test('bytes both ways, half close from the client, and output after it', async (t) => {
    const daemon = await fakeDaemon(t, {
      upgrade: (_request, socket) => {
        socket.write(
          'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello ',
        )
        let input = ''
        socket
          .on('data', (chunk) => (input += String(chunk)))
          .once('end', () => setTimeout(() => socket.end(`got ${input}`), 100))
      },
    })
    const { port } = await front(t, { socketPath: daemon.socketPath })
    const socket = await dial(t, port)
    socket.write(`${attach}\r\nearly `)
    assert.match(
      await readUntil(socket, 'hello '),
      /^HTTP\/1\.1 101 UPGRADED\r\nContent-Type: application\/vnd\.docker\.raw-stream\r\n/,
    )
    socket.end('late')
    assert.equal(await readUntil(socket, 'got early late'), 'got early late')
  })

  test('half close from the daemon: the input still arrives', async (t) => {
    let input = ''
    const daemon = await fakeDaemon(t, {
      upgrade: (_request, socket) => {
        socket.on('data', (chunk) => (input += String(chunk)))
        socket.end('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nall')
      },
    })
    const { port } = await front(t, { socketPath: daemon.socketPath })
    const socket = await dial(t, port)
    socket.write(`${attach}\r\n`)
    await readUntil(socket, 'all')
    await endOf(socket)
    socket.write('after')
    await until(() => input.includes('after'), 'the input arrives')
  })

  test("the body of an exec is asked about, and is not a part of the stream; the daemon's refusal comes whole", async (t) => {
    const asked: unknown[] = []
    let refuse = false
    const daemon = await fakeDaemon(t, {
      upgrade: (request, socket, head) => {
        if (refuse)
          return void socket.end(
            'HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"message":"x"}',
          )
        socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n')
        socket.write(`${request.headers['content-length']} `)
        if (head.length > 0) socket.write(head)
        // From Node 26 on, the body isn't a part of the stream.
        request.on('data', (part) => socket.write(part))
        socket.pipe(socket)
      },
    })
    const { port } = await front(
      t,
      { socketPath: daemon.socketPath },
      {
        authorize: ({ body, upgrade }) => {
          asked.push([upgrade, Buffer.from(body as Uint8Array).toString()])
          return allow
        },
      },
    )
    const start =
      'POST /exec/a/start HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n'
    const socket = await dial(t, port)
    socket.write(`${start}{"a`)
    await delay(20)
    socket.write('":1}input')
    const text = await readUntil(socket, 'input')
    assert.match(text, /\r\n\r\n7 \{"a":1\}input$/)
    assert.deepEqual(asked, [['tcp', '{"a":1}']])
    refuse = true
    const other = await dial(t, port)
    other.write(`${start}{"a":1}`)
    assert.match(await readUntil(other, '{"message":"x"}'), /^HTTP\/1\.1 409 /)
  })

  test('without Upgrade: the output comes as an answer with an end', async (t) => {
    const daemon = await fakeDaemon(t, {
      upgrade: (_request, socket) =>
        void socket.end(
          'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\noutput',
        ),
    })
    const { port } = await front(t, { socketPath: daemon.socketPath })
    const socket = await dial(t, port)
    socket.write(
      'POST /v1.45/exec/a/start HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
    )
    const text = await readUntil(socket, '\r\n0\r\n\r\n')
    assert.match(text, /^HTTP\/1\.1 200 OK\r\nContent-Type: application\/vnd\.docker\.raw-stream[^]*output/)
  })

  for (const local of [false, true]) {
    test(`without Upgrade: what follows the request is input, and never a request, ${local ? 'on a local socket' : 'over TLS'}`, async (t) => {
      const daemon = await fakeDaemon(t, {
        upgrade: (_request, socket) => {
          socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nready')
          socket.on('data', (chunk: Buffer) => socket.write(`<${chunk.toString()}>`))
        },
      })
      const socketPath = join(await temporaryFolder(t), 'g.sock')
      const listen = local ? { listen: { socket: socketPath, as: 'agent' }, tls: undefined } : {}
      const { port } = await front(t, { socketPath: daemon.socketPath }, listen)
      const socket: Duplex = local ? connect(socketPath) : await dial(t, port)
      t.after(() => socket.destroy())
      socket.write(
        'POST /v1.45/containers/a/attach?stdin=1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
      )
      await readUntil(socket, 'ready')
      for (const input of ['words\n\u0004', head('GET /_ping'), 'PO']) {
        socket.write(input)
        assert.ok((await readUntil(socket, '>')).includes(`<${input}>`))
      }
      assert.deepEqual(daemon.requests, ['POST /v1.45/containers/a/attach?stdin=1'])
    })

    test(`without Upgrade: half close from the client, and output after it, ${local ? 'on a local socket' : 'over TLS'}`, async (t) => {
      const daemon = await fakeDaemon(t, {
        upgrade: (_request, socket) => {
          socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nready')
          let input = ''
          socket
            .on('data', (chunk) => (input += String(chunk)))
            .once('end', () => setTimeout(() => socket.end(`got ${input}`), 100))
        },
      })
      const path = join(await temporaryFolder(t), 'g.sock')
      const listen = local ? { listen: { socket: path, as: 'agent' }, tls: undefined } : {}
      const { port, events } = await front(t, { socketPath: daemon.socketPath }, listen)
      const socket: Duplex = local ? connect({ path, allowHalfOpen: true }) : await dial(t, port)
      t.after(() => socket.destroy())
      socket.write(
        'POST /v1.45/exec/a/start HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
      )
      await readUntil(socket, 'ready')
      socket.end('input')
      assert.match(await readUntil(socket, '\r\n0\r\n\r\n'), /got input\r\n0\r\n\r\n$/)
      await endOf(socket)
      await until(() => events.some(({ event }) => event === 'request') && daemon.open() === 0, 'it has ended')
    })
  }
})

const head = (line: string, ...fields: string[]): string =>
  [`${line} HTTP/1.1`, 'Host: x', ...fields, '', ''].join('\r\n')

describe('a request with bytes behind it that are no HTTP', () => {
  const MALFORMED = `${head('POST /containers/victim/start', 'Content-Length: 0')}nonsense\r\n\r\n`
  for (const [what, authorize] of [
    ['is refused, and not carried out', () => allow],
    [
      'is refused as that, and not by the policy',
      (): Verdict => ({ allow: false, status: 403, code: 'NO', message: '' }),
    ],
    ['is refused as that, if authorize() fails as well', () => Promise.reject(new Error('no'))],
  ] as const)
    test(what, async (t) => {
      const daemon = await fakeDaemon(t)
      const { port, events } = await front(t, { socketPath: daemon.socketPath }, { authorize })
      const socket = await dial(t, port)
      socket.write(MALFORMED)
      assert.match(await readUntil(socket, /\}\n/), /^HTTP\/1\.1 400 [^]*MALFORMED_REQUEST/)
      await until(() => events.some(({ event }) => event === 'request'), 'it has ended')
      const ends = events.flatMap((one) =>
        one.event === 'request' ? [`${one.verdict} ${one.reason} ${one.status}`] : [],
      )
      assert.equal(ends[0], 'refuse MALFORMED_REQUEST 400')
      assert.deepEqual(daemon.requests, [])
    })
})

const refusesRefused = ({ target }: AskedRequest): Verdict =>
  target.includes('refused') ? { allow: false, status: 403, code: 'TRIED', message: 'no' } : allow

const upgrade = (path: string, protocol = 'tcp', ...fields: string[]): string =>
  head(`POST ${path}`, 'Connection: Upgrade', `Upgrade: ${protocol}`, ...fields)

describe('an upgrade', () => {
  const SWITCHED = 'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'
  const BEHIND: Readonly<Record<string, string>> = {
    'that is allowed': upgrade('/exec/a/start'),
    'that is refused': upgrade('/exec/refused/start'),
    'with an unknown protocol': upgrade('/exec/a/start', 'foo'),
    'with a large body': upgrade('/exec/a/start', 'tcp', 'Content-Type: application/json', 'Content-Length: 99999999'),
  }

  for (const local of [false, true])
    test(`behind a request without its answer ends the connection, and nothing else, ${local ? 'on a local socket' : 'over TLS'}`, async (t) => {
      const daemon = await fakeDaemon(t, {
        // All but the ping stay open.
        answer: (request, response) => {
          if (request.url === '/_ping') response.end('OK')
          else response.write('begun')
        },
        upgrade: (_request, socket) => socket.write(SWITCHED),
      })
      const socketPath = join(await temporaryFolder(t), 'g.sock')
      const listen = local ? { listen: { socket: socketPath, as: 'agent' }, tls: undefined } : {}
      const fronted = await front(t, { socketPath: daemon.socketPath }, { authorize: refusesRefused, ...listen })
      const open = async (): Promise<Duplex> => (local ? connect(socketPath) : await dial(t, fronted.port))
      const well = await open()
      for (const [name, second] of Object.entries(BEHIND)) {
        for (const first of ['/_ping', '/refused', '/events']) {
          const socket = await open()
          socket.on('error', () => {})
          let text = ''
          socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
          const closed = endOf(socket)
          const timer = setTimeout(() => socket.destroy(), 5_000)
          socket.write(`${head(`GET ${first}`)}${second}`)
          if (first === '/events' || !name.includes('allowed')) await closed
          else await readUntil(socket, 'UPGRADED')
          clearTimeout(timer)
          const answers = text.match(/HTTP\/1\.1 \d+/g) ?? []
          assert.equal(answers[0], `HTTP/1.1 ${first === '/refused' ? 403 : 200}`, `${name}, ${first}`)
          if (first === '/events') assert.equal(answers.length, 1, `${name}, ${first}`)
          socket.destroy()
        }
      }
      well.write(head('GET /_ping'))
      assert.match(await readUntil(well, 'OK'), /^HTTP\/1\.1 200 /)
      assert.deepEqual(
        fronted.events.filter(({ event }) => event === 'failure'),
        [],
      )
      const early = fronted.events.filter((event) => event.event === 'request' && event.status === 0)
      assert.ok(early.length >= Object.keys(BEHIND).length)
    })

  test('right after the answer before is served, 200 times', async (t) => {
    const daemon = await fakeDaemon(t, { upgrade: (_request, socket) => socket.write(SWITCHED) })
    const { port } = await front(t, { socketPath: daemon.socketPath }, { authorize: () => allow })
    for (let round = 0; round < 200; round++) {
      const socket = await dial(t, port)
      socket.write(head('GET /_ping'))
      await readUntil(socket, 'OK')
      socket.write(upgrade('/exec/a/start'))
      assert.match(await readUntil(socket, 'UPGRADED'), /101/)
      socket.destroy()
    }
  })
})
