import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import net from 'node:net'
import { describe, test } from 'node:test'
import { GrpcFault } from '../../lib/transport/grpc-fault.ts'
import { GrpcFrames } from '../../lib/transport/grpc-frames.ts'
import type { GrpcMethods } from '../../lib/transport/grpc.ts'
import { begin, ended, frame, startFakeBuilder, unary } from '../engine/workflows/build/support/fake-builder.ts'
import { assertProperty, fc } from '../support/properties.ts'

const ECHO: GrpcMethods = {
  '/test.Echo/Once': async (call) => call.send(await call.message()),
  '/test.Echo/Every': async (call) => {
    for await (const message of call.messages()) await call.send(message)
  },
  '/test.Echo/Metadata': async (call) => call.send(Buffer.from(JSON.stringify(call.metadata('pattern')))),
  '/test.Fail/Refused': () => Promise.reject(new GrpcFault('permissionDenied', 'no: 100% “no”\n')),
  '/test.Fail/Broken': () => Promise.reject(new Error('a secret')),
}

describe('a call', () => {
  test('with one message is answered', async (t) => {
    const { client } = await startFakeBuilder(t, ECHO)
    const { status, messages } = await unary(client, '/test.Echo/Once', Buffer.from('hello'))
    assert.equal(status, 0)
    assert.deepEqual(messages.map(String), ['hello'])
  })

  test('with many messages is answered in order, empty and large ones too', async (t) => {
    const { client } = await startFakeBuilder(t, ECHO)
    const sent = ['', 'a', 'b'.repeat(300_000), '', 'c']
    const call = begin(client, '/test.Echo/Every')
    call.end(Buffer.concat(sent.map((text) => frame(Buffer.from(text)))))
    const { status, messages } = await ended(call)
    assert.equal(status, 0)
    assert.deepEqual(messages.map(String), sent)
  })

  test('reads fields of which there are many, with their commas', async (t) => {
    const { client } = await startFakeBuilder(t, ECHO)
    const patterns = Array.from({ length: 2000 }, (_, index) => `dir,${index}/*.x, y`)
    const call = begin(client, '/test.Echo/Metadata', { pattern: patterns })
    call.end()
    const { status, messages } = await ended(call)
    assert.equal(status, 0)
    assert.deepEqual(JSON.parse(String(messages[0])), patterns)
  })

  test('is refused in words that survive their way', async (t) => {
    const { client } = await startFakeBuilder(t, ECHO)
    const { status, message } = await unary(client, '/test.Fail/Refused', Buffer.alloc(0))
    assert.deepEqual([status, message], [7, 'no: 100% “no”\n'])
  })

  test('that fails here says nothing of why', async (t) => {
    const { client } = await startFakeBuilder(t, ECHO)
    const { status, message } = await unary(client, '/test.Fail/Broken', Buffer.alloc(0))
    assert.deepEqual([status, message], [13, 'the client failed'])
  })

  for (const path of ['/test.Echo/None', '/test.None/Once', '/constructor', '/__proto__', '/', '/test.Echo/once']) {
    test(`of ${path} is unimplemented`, async (t) => {
      const { client } = await startFakeBuilder(t, ECHO)
      assert.equal((await unary(client, path, Buffer.alloc(0))).status, 12)
    })
  }

  test('that is none of gRPC is refused', async (t) => {
    const { client } = await startFakeBuilder(t, ECHO)
    for (const headers of [
      { ':method': 'GET' },
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/grpcx' },
    ]) {
      const call = begin(client, '/test.Echo/Once', headers)
      if (headers[':method'] === undefined) call.end()
      assert.equal((await ended(call)).status, 415, JSON.stringify(headers))
    }
  })

  test('with a compressed, an oversized or no message is refused, and the next is answered', async (t) => {
    const { client } = await startFakeBuilder(t, ECHO)
    const oversized = Buffer.from([0, 0x00, 0x40, 0x00, 0x01])
    for (const [bytes, status] of [
      [frame(Buffer.from('x'), 1), 12],
      [oversized, 8],
      [Buffer.alloc(0), 3],
    ] as const) {
      const call = begin(client, '/test.Echo/Once')
      call.end(bytes)
      assert.equal((await ended(call)).status, status)
    }
    assert.equal((await unary(client, '/test.Echo/Once', Buffer.from('x'))).status, 0)
  })

  test('that the peer gives up ends here', async (t) => {
    const over = new EventEmitter()
    const { client } = await startFakeBuilder(t, {
      '/test.Long/Send': async (call) => {
        call.signal.addEventListener('abort', () => over.emit('aborted'))
        for (;;) await call.send(Buffer.alloc(60_000))
      },
    })
    const call = begin(client, '/test.Long/Send')
    await once(call, 'response')
    const aborted = once(over, 'aborted')
    call.close(8)
    await aborted
  })

  test('sends no faster than the peer reads', async (t) => {
    let sent = 0
    const { client } = await startFakeBuilder(t, {
      '/test.Long/Send': async (call) => {
        for (; sent < 100; sent++) await call.send(Buffer.alloc(20), Buffer.alloc(60_000))
      },
    })
    const call = begin(client, '/test.Long/Send')
    call.pause()
    await once(call, 'response')
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.ok(sent < 20, `${sent} messages of 60,000 bytes were sent to who reads none`)
    call.resume()
    let bytes = 0
    const { status } = await ended(call, ({ length }) => (bytes += length))
    assert.deepEqual([status, bytes], [0, 100 * 60_020])
  })
})

describe('a connection', () => {
  test('ends with all that runs on it when it is closed', async (t) => {
    let aborted = false
    const { client, server, socket } = await startFakeBuilder(t, {
      '/test.Long/Wait': (call) =>
        new Promise((_, reject) => {
          call.signal.addEventListener('abort', () => {
            aborted = true
            reject(new Error('gone'))
          })
        }),
    })
    const call = begin(client, '/test.Long/Wait')
    await once(client, 'remoteSettings')
    await new Promise((resolve) => setTimeout(resolve, 50))
    server.close()
    await server.closed
    await once(call, 'close')
    assert.equal(aborted, true)
    assert.equal(socket.destroyed, true)
  })

  test('ends when the peer is gone', async (t) => {
    const { client, server, socket } = await startFakeBuilder(t, ECHO)
    await once(client, 'connect')
    client.destroy()
    await server.closed
    if (!socket.destroyed) await once(socket, 'close')
  })

  test('on which something else is spoken ends', async (t) => {
    const { server, socket, client } = await startFakeBuilder(t, ECHO)
    await once(client, 'remoteSettings')
    socket.unshift(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(10)))
    await server.closed
  })

  test('may have begun before it was handed over', async (t) => {
    const { serveGrpc } = await import('../../lib/transport/grpc.ts')
    const http2 = await import('node:http2')
    const listener = net.createServer().listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const theirs = net.connect((listener.address() as net.AddressInfo).port, '127.0.0.1')
    const [ours] = (await once(listener, 'connection')) as [net.Socket]
    listener.close()
    const client = http2.connect('http://localhost', { createConnection: () => theirs })
    client.on('error', () => {})
    t.after(() => client.destroy())
    // What came with the head of an answer is put back by whoever read it.
    const head = (await once(ours, 'data'))[0] as Buffer
    ours.pause()
    ours.unshift(head)
    const server = serveGrpc(ours, ECHO)
    t.after(() => server.close())
    assert.equal((await unary(client, '/test.Echo/Once', Buffer.from('x'))).status, 0)
  })
})

test('messages are found, however the bytes are cut', (t) => {
  const message = fc.uint8Array({ maxLength: 50 })
  const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 })
  assertProperty(
    t,
    fc.property(fc.array(message, { maxLength: 8 }), cuts, (messages, sizes) => {
      const bytes = Buffer.concat(messages.map((one) => frame(one)))
      const frames = new GrpcFrames()
      const found: Buffer[] = []
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1
        found.push(...frames.push(bytes.subarray(at, at + size)))
        at += size
      }
      assert.deepEqual(
        found.map((one) => one.toString('hex')),
        messages.map((one) => Buffer.from(one).toString('hex')),
      )
    }),
  )
})

test('a message that comes byte by byte takes no more room than it says', () => {
  const frames = new GrpcFrames()
  const bytes = frame(Buffer.alloc(2 ** 21, 'x'))
  const before = process.memoryUsage().heapUsed
  const found: Buffer[] = []
  let most = 0
  for (let at = 0; at < bytes.length; at++) {
    found.push(...frames.push(bytes.subarray(at, at + 1)))
    if (at % 1000 === 0) most = Math.max(most, process.memoryUsage().heapUsed - before)
  }
  assert.deepEqual(
    found.map(({ length }) => length),
    [2 ** 21],
  )
  assert.ok(most < 64 * 2 ** 20, `${most} bytes were held`)
})
