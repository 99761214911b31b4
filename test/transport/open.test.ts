import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { before, describe, test, type TestContext } from 'node:test'
import { createDispatcher, loadIdentity, parseHost, type DockerDispatcher } from '../../lib/index.ts'
import { startPeer, type PeerKind } from '../support/tls-servers.ts'
import { makeCredentials, type Credentials } from './support/credentials.ts'

function ping(socket: Duplex): void {
  socket.write('GET /_ping HTTP/1.1\r\nHost: localhost\r\n\r\n')
}

/** A connection of one's own: `dispatcher.open()`. */
describe('open()', () => {
  let credentials: Credentials
  before(async () => (credentials = await makeCredentials()))

  /** A dispatcher to a server that behaves as its name says; both end with the test. */
  async function to(t: TestContext, kind: PeerKind): Promise<{ dispatcher: DockerDispatcher; count: () => number }> {
    const peer = await startPeer(kind, credentials.server)
    const endpoint = parseHost(`localhost:${peer.port}`)
    const dispatcher = createDispatcher(endpoint, await loadIdentity(credentials.client), { connectTimeout: 2_000 })
    t.after(async () => {
      await dispatcher.destroy()
      await peer.close()
    })
    return { dispatcher, count: peer.count }
  }

  test('each is a connection of its own, verified, and resumes the session of the one before', async (t) => {
    const { dispatcher, count } = await to(t, 'answers every ping')
    for (const [index, resumed] of [false, true, true].entries()) {
      const socket = await dispatcher.open()
      assert.equal(count(), index + 1)
      assert.equal(dispatcher.peer?.resumed, resumed)
      assert.equal(dispatcher.peer.client.commonName, 'alice')
      ping(socket)
      assert.match(String(await once(socket, 'data')), /^HTTP\/1\.1 200 OK/)
    }
    await (await dispatcher.request({ path: '/_ping', method: 'GET' })).body.dump()
    assert.equal(count(), 4, 'a request took one that was handed out')
  })

  test('it ends with the dispatcher, also through a composed one', async (t) => {
    const { dispatcher } = await to(t, 'answers every ping')
    const sockets = [await dispatcher.open(), await (dispatcher.compose() as DockerDispatcher).open()]
    await dispatcher.destroy()
    assert.deepEqual(
      sockets.map(({ destroyed }) => destroyed),
      [true, true],
    )
    await assert.rejects(dispatcher.open(), { code: 'ERR_CLIENT_CLOSED' })
  })

  test('after close() there is none', async (t) => {
    const { dispatcher, count } = await to(t, 'answers every ping')
    await dispatcher.close()
    await assert.rejects(dispatcher.open(), { code: 'ERR_CLIENT_CLOSED' })
    assert.equal(count(), 0)
  })

  test('while it is being made it is given up for the reason of the signal, or with the dispatcher', async (t) => {
    const { dispatcher } = await to(t, 'silent before TLS')
    const reason = new Error('never mind')
    const controller = new AbortController()
    const given = assert.rejects(dispatcher.open(controller.signal), reason)
    const closed = assert.rejects(dispatcher.open(), { code: 'ERR_CLIENT_CLOSED' })
    controller.abort(reason)
    await given
    await dispatcher.destroy()
    await closed
    await assert.rejects(dispatcher.open(AbortSignal.abort(reason)), reason)
  })

  test('a signal that is aborted afterwards does nothing to it', async (t) => {
    const { dispatcher } = await to(t, 'answers every ping')
    const controller = new AbortController()
    const socket = await dispatcher.open(controller.signal)
    controller.abort()
    ping(socket)
    assert.match(String(await once(socket, 'data')), /^HTTP\/1\.1 200 OK/)
  })

  for (const [kind, code] of [
    ['plaintext HTTP', 'ERR_SERVER_PLAINTEXT'],
    ['resets in the handshake', 'ERR_CONNECTION_RESET'],
    ['silent before TLS', 'ERR_HANDSHAKE_TIMEOUT'],
  ] as const) {
    test(`fails as a request does: ${kind}`, async (t) => {
      const { dispatcher } = await to(t, kind)
      await assert.rejects(dispatcher.open(), { code })
    })
  }

  test('it is handed over whole: what the server says first is there', async (t) => {
    const { dispatcher } = await to(t, 'answers no HTTP')
    const socket = await dispatcher.open()
    ping(socket)
    assert.match(await text(socket), /^220 mail\.example/)
  })
})
