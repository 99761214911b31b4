import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { describe, test, type TestContext } from 'node:test'
import { Carrier } from '../../lib/transport/carrier.ts'
import { detached } from '../../lib/transport/detached.ts'
import { PausableStream } from '../../lib/transport/pausable-stream.ts'

async function openSocket(t: TestContext): Promise<Socket> {
  const server = createServer((peer) => peer.on('error', () => {})).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {})
  await once(socket, 'connect')
  return socket
}

describe('a stream around a connection, when the client is closed and nobody listens to it any more', () => {
  const streams: Readonly<Record<string, (socket: Socket) => Duplex>> = {
    'for HTTP/2': detached,
    'through a proxy': (socket) => new Carrier(socket, { halfCloses: false }),
    'of a web socket': (socket) => new PausableStream(socket),
  }
  for (const [name, around] of Object.entries(streams)) {
    test(`ends no process: ${name}`, async (t) => {
      const socket = await openSocket(t)
      const stream = around(socket)
      const closed = new Promise((resolve) => stream.once('close', resolve))
      const reason = new Error('the client is closed')
      socket.destroy(reason)
      await closed
      assert.equal(stream.errored, reason)
    })
  }
})
