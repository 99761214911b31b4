import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { dial, endOf, fakeDaemon, front, readUntil, type FakeDaemon } from './support/fixture.ts'
import { until, untilEnded } from './support/until.ts'

const UPGRADED = 'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nout'
const ATTACH = 'POST /containers/a/attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'

/** A daemon that writes a program's output, and then closes the connection. */
function closingDaemon(t: TestContext, { reads }: { reads: boolean }): Promise<FakeDaemon> {
  return fakeDaemon(t, {
    upgrade: (_request, socket) => {
      if (!reads) socket.pause()
      socket.write(UPGRADED)
      setTimeout(() => socket.write('put', () => socket.destroy()), 200)
    },
  })
}

describe('a client gets the output to its end, and its stream ends, if dockerd closes the connection', () => {
  for (const [how, reads] of [
    ['with input that it has not read', false],
    ['and has read all input', true],
  ] as const) {
    test(`${how}, and the client goes on sending`, async (t) => {
      const daemon = await closingDaemon(t, { reads })
      const { port, events } = await front(t, { socketPath: daemon.socketPath })
      const client = await dial(t, port)
      client.write(ATTACH)
      const output = readUntil(client, 'output')
      const sending = setInterval(() => client.write(Buffer.alloc(10_000)), 5)
      t.after(() => clearInterval(sending))
      assert.match(await output, /output$/)
      await endOf(client)
      await untilEnded(events, 1)
      await until(() => daemon.open() === 0 && client.destroyed, 'both connections are closed')
    })
  }

  test('with input that it has not read, and the client stays', async (t) => {
    const daemon = await closingDaemon(t, { reads: false })
    const { port, events } = await front(t, { socketPath: daemon.socketPath })
    const client = await dial(t, port)
    client.write(ATTACH)
    await readUntil(client, 'out')
    // More than the daemon's process takes from the socket without reading.
    client.write(Buffer.alloc(400_000))
    assert.match(await readUntil(client, 'put'), /put$/)
    await untilEnded(events, 1)
    assert.equal(daemon.open(), 0)
  })
})
