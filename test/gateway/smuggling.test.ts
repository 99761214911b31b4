import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { dial, fakeDaemon, front, readUntil } from './support/fixture.ts'
import { smuggled } from './support/smuggled.ts'

/** What a smuggler wants the daemon to get. */
const HIDDEN = 'POST /containers/evil/start HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n'

describe('a request that two readers could read differently', () => {
  for (const [name, bytes] of Object.entries(smuggled({ hidden: HIDDEN }))) {
    test(`${name} is refused, and the daemon gets nothing hidden`, async (t) => {
      const daemon = await fakeDaemon(t)
      const fronted = await front(t, { socketPath: daemon.socketPath })
      // The daemon gets the next request at once, on the connection that the gateway has by then.
      await pingThrough(t, fronted.port)
      const earlier = daemon.requests.length
      const socket = await dial(t, fronted.port)
      socket.write(bytes, 'latin1')
      const answer = await readUntil(socket, /\}\n$/)
      const [head = ''] = answer.split('\r\n')
      assert.match(head, /^HTTP\/1\.1 4\d\d /, answer)
      assert.equal(answer.match(/HTTP\/1\.1 \d/g)?.length, 1, answer)
      await delay(5)
      assert.doesNotMatch(daemon.received(), /evil/)
      assert.deepEqual(
        daemon.requests.slice(earlier).filter((request) => !request.startsWith('POST /build')),
        [],
      )
    })
  }
})

async function pingThrough(t: TestContext, port: number): Promise<void> {
  const socket = await dial(t, port)
  socket.write('GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  assert.match(await readUntil(socket, /OK$/), /^HTTP\/1\.1 200 /)
}
