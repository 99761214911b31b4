import assert from 'node:assert/strict'
import type { Duplex } from 'node:stream'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from '../../lib/index.ts'
import { fakeDaemon } from '../gateway/support/fixture.ts'
import { until } from '../gateway/support/until.ts'
import { frame, UPGRADED } from '../support/pretend.ts'

const HEAD = `${UPGRADED}Content-Type: application/vnd.docker.multiplexed-stream\r\n\r\n`
const GONE = { code: 'ERR_CONNECTION_CLOSED', message: /the daemon ended, so data may be missing/ }

/** Streams on which the first line has come. */
async function attached(t: TestContext, count = 1) {
  const connections: Duplex[] = []
  const daemon = await fakeDaemon(t, {
    upgrade: (_request, socket) => {
      connections.push(socket)
      socket.write(Buffer.concat([Buffer.from(HEAD), frame(1, 'one\n')]))
    },
  })
  const docker = await connect({ host: `unix://${daemon.socketPath}`, apiVersion: '1.45' })
  t.after(() => docker.close())
  const streams = await Promise.all(Array.from({ length: count }, () => docker.containers.attach('x')))
  const texts = streams.map((stream) => stream.text())
  await until(() => daemon.open() > count, 'the connection beside them')
  return { daemon, docker, connections, texts }
}

describe('the end of a stream over a local socket', () => {
  test('is whole if the daemon is still there, also of several at once', async (t) => {
    const { daemon, connections, texts } = await attached(t, 3)
    for (const one of connections) one.end(frame(1, 'two\n'))
    assert.deepEqual(await Promise.all(texts), Array(3).fill('one\ntwo\n'))
    // One that was used for the version stays for a while.
    await until(() => daemon.open() <= 1, 'the connection beside them ends, too')
  })

  test('is an error if all connections of the daemon end, although somebody answers at once', async (t) => {
    const { daemon, docker, texts } = await attached(t, 3)
    daemon.cut()
    await Promise.all(texts.map((text) => assert.rejects(text, GONE)))
    assert.equal(await docker.request({ method: 'GET', path: '/info' }).then((answer) => answer.status), 200)
  })

  test('is an error if nobody listens any more', async (t) => {
    const { daemon, texts } = await attached(t)
    await daemon.close()
    await assert.rejects(Promise.all(texts), GONE)
  })

  test('is whole if the daemon has closed the connection beside it long before', async (t) => {
    const { daemon, connections, texts } = await attached(t)
    daemon.cut({ except: connections })
    await delay(100)
    connections[0]?.end(frame(1, 'two\n'))
    assert.equal(await texts[0], 'one\ntwo\n')
  })
})
