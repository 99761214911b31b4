import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, test, type TestContext } from 'node:test'
import { ConnectionError } from '../../lib/index.ts'
import { PeerWatch } from '../../lib/transport/peer-watch.ts'
import { UNANSWERED_MS } from '../../lib/transport/tls-policy.ts'

const SECOND = 1_000

/** A connection whose bytes the test counts. */
class Counted extends PassThrough {
  bytesRead = 0
  bytesWritten = 0
  pending = 0

  constructor() {
    super()
    Object.defineProperty(this, 'writableLength', { get: () => this.pending })
  }
}

interface Scene {
  readonly socket: Counted
  /** How often another connection was opened. */
  readonly probes: () => number
  readonly destroyedWith: () => string | undefined
  /** Lets time pass in steps of a second, with something that happens at each. */
  readonly pass: (seconds: number, each?: (second: number) => void) => Promise<void>
}

type Code = ConstructorParameters<typeof ConnectionError>[0]

/** @param fault - with which opening another connection fails; none if it works */
function scene(t: TestContext, fault?: Code, whileProbing: (socket: Counted) => void = () => {}): Scene {
  let now = 0
  let probes = 0
  t.mock.timers.enable({ apis: ['setInterval'] })
  t.mock.method(performance, 'now', () => now)
  const socket = new Counted()
  let code: string | undefined
  socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code))
  const watch = new PeerWatch(() => {
    probes++
    whileProbing(socket)
    if (fault === undefined) return Promise.resolve()
    return Promise.reject(new ConnectionError(fault, { tried: 'connecting', got: 'it failed', todo: 'Try again.' }))
  })
  watch.add(socket)
  const pass: Scene['pass'] = async (seconds, each = () => {}) => {
    for (let second = 1; second <= seconds; second++) {
      each(second)
      now += SECOND
      t.mock.timers.tick(SECOND)
      await new Promise(setImmediate)
    }
  }
  return { socket, probes: () => probes, destroyedWith: () => code, pass }
}

const LONG = (3 * UNANSWERED_MS) / SECOND

describe('a connection on which something was sent and nothing comes back', () => {
  test('ends if nobody answers another connection either', async (t) => {
    for (const fault of ['ERR_CONNECT_TIMEOUT', 'ERR_HOST_UNREACHABLE'] as const) {
      const { socket, pass, destroyedWith } = scene(t, fault)
      socket.bytesWritten = 10
      await pass(UNANSWERED_MS / SECOND - 1)
      assert.equal(destroyedWith(), undefined, 'not before its time')
      await pass(10)
      assert.equal(destroyedWith(), 'ETIMEDOUT')
      t.mock.restoreAll()
      t.mock.timers.reset()
    }
  })

  test('and ends if what is still to be sent is not accepted', async (t) => {
    const { socket, pass, destroyedWith } = scene(t, 'ERR_CONNECT_TIMEOUT')
    await pass(20, () => {
      socket.bytesWritten += 100
      socket.bytesRead += 1
    })
    socket.bytesWritten += 100
    socket.pending = 100
    await pass(UNANSWERED_MS / SECOND + 6)
    assert.equal(destroyedWith(), 'ETIMEDOUT')
  })

  test('stays if the daemon answers, and is not asked for again and again', async (t) => {
    const { socket, pass, probes, destroyedWith } = scene(t)
    socket.bytesWritten = 10
    await pass(LONG)
    assert.deepEqual([probes(), destroyedWith()], [1, undefined])
    socket.bytesWritten = 20
    await pass(LONG)
    assert.deepEqual([probes(), destroyedWith()], [2, undefined], 'but after something more was sent')
  })

  for (const fault of [
    'ERR_CONNECTION_REFUSED',
    'ERR_HANDSHAKE_TIMEOUT',
    'ERR_CLIENT_CERT_REJECTED',
    'ERR_CLIENT_CLOSED',
  ] as const) {
    test(`stays if another connection fails with ${fault}`, async (t) => {
      const { socket, pass, destroyedWith, probes } = scene(t, fault as Code)
      socket.bytesWritten = 10
      await pass(LONG)
      assert.deepEqual([probes() > 0, destroyedWith()], [true, undefined])
    })
  }

  test('ends even if the system still accepts a little from a slow source', async (t) => {
    const { socket, pass, destroyedWith } = scene(t, 'ERR_CONNECT_TIMEOUT')
    await pass(UNANSWERED_MS / SECOND + 6, () => (socket.bytesWritten += 100))
    assert.equal(destroyedWith(), 'ETIMEDOUT')
  })

  test('stays if something arrives, or the full send buffer empties meanwhile', async (t) => {
    for (const move of ['bytesRead', 'bytesWritten'] as const) {
      const { socket, pass, destroyedWith, probes } = scene(t, 'ERR_CONNECT_TIMEOUT', (one) => (one[move] += 5))
      socket.bytesWritten = 10
      socket.pending = 5
      await pass(LONG)
      assert.deepEqual([probes() > 0, destroyedWith()], [true, undefined], move)
      t.mock.restoreAll()
      t.mock.timers.reset()
    }
  })
})

describe('no other connection is opened', () => {
  test('while nothing was sent, for however long', async (t) => {
    const { pass, probes } = scene(t, 'ERR_CONNECT_TIMEOUT')
    await pass(LONG)
    assert.equal(probes(), 0)
  })

  test('while an upload goes on', async (t) => {
    const { socket, pass, probes } = scene(t, 'ERR_CONNECT_TIMEOUT')
    await pass(LONG, () => {
      socket.bytesWritten += 100
      socket.pending = 50
    })
    assert.equal(probes(), 0)
  })

  test('after the connection has closed', async (t) => {
    const { socket, pass, probes } = scene(t, 'ERR_CONNECT_TIMEOUT')
    socket.bytesWritten = 10
    socket.destroy()
    await pass(LONG)
    assert.equal(probes(), 0)
  })
})
