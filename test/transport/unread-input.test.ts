import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Duplex, Writable } from 'node:stream'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { frame, pretend, UPGRADED } from '../support/pretend.ts'

const HEAD = `${UPGRADED}Content-Type: application/vnd.docker.multiplexed-stream\r\n\r\n`

/** Fills the buffers of the socket, which nobody reads. */
async function fill(stdin: Writable): Promise<void> {
  for (let round = 0; round < 20; round++) stdin.write(Buffer.alloc(64 * 1024, 'x'))
  await delay(20)
}

/** A stream on which the first frame has come, and the connection of the daemon, which reads no input. */
async function attached(t: TestContext, first: Buffer, signal?: AbortSignal) {
  let connection: Duplex | undefined
  const { docker } = await pretend(t, {
    upgrade: (_, socket) => {
      connection = socket.pause()
      connection.write(Buffer.concat([Buffer.from(HEAD), first]))
    },
  })
  const stream = await docker.containers.attach('x', { stdin: true, signal })
  assert.ok(connection)
  return { stream, connection }
}

describe('a local socket that is closed with input that nobody has read', () => {
  const CLOSING: Record<string, (connection: Duplex) => void> = {
    'at once': (connection) => void connection.write(frame(1, 'more\n'), () => connection.destroy()),
    'after its own end': (connection) => void connection.end(frame(1, 'more\n'), () => connection.destroy()),
  }
  for (const [how, close] of Object.entries(CLOSING)) {
    test(`${how}: the output comes to its end`, async (t) => {
      const { stream, connection } = await attached(t, frame(1, 'one\n'))
      await fill(stream.stdin)
      close(connection)
      await delay(50)
      // Input that comes too late doesn't end the output either.
      stream.stdin.write('y')
      assert.equal(await stream.text(), 'one\nmore\n')
    })

    test(`${how}, in the middle of a frame: that is an error`, async (t) => {
      const { stream, connection } = await attached(t, frame(1, 'one\n', 400))
      await fill(stream.stdin)
      close(connection)
      await assert.rejects(stream.text(), { code: 'ERR_API_STREAM_TRUNCATED' })
    })
  }

  test('before it has answered: that is an error', async (t) => {
    const { docker } = await pretend(t, { upgrade: (_, connection) => void connection.destroy() })
    await assert.rejects(docker.containers.attach('x', { stdin: true }), { code: 'ERR_CONNECTION_CLOSED' })
  })

  test('an input without end stops, and whoever writes it gets the reason', async (t) => {
    const { stream, connection } = await attached(t, frame(1, 'one\n'))
    setTimeout(() => connection.destroy(), 50)
    const write = (): Promise<unknown> => new Promise((done) => stream.stdin.write(Buffer.alloc(64 * 1024), done))
    let failed = await write()
    while (!failed) failed = await write()
    assert.equal((failed as { code?: string }).code, 'EPIPE')
    // A reader that begins only now gets the output nevertheless.
    await delay(50)
    assert.equal(await stream.text(), 'one\n')
  })

  test('closed by us with the reset of another socket as the reason: that is the reason, and not the end', async (t) => {
    const stopped = new AbortController()
    const { stream, connection } = await attached(t, frame(1, 'one\n'), stopped.signal)
    const closed = once(connection.resume(), 'end')
    const reason = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' })
    setTimeout(() => stopped.abort(reason), 30)
    await assert.rejects(stream.text(), (error) => error === reason || (error as Error).cause === reason)
    await closed
  })
})
