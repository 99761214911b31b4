import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import { OutputStream } from '../../../lib/engine/stream/output.ts'

const request = { method: 'GET', path: '/containers/web/logs' }

function streamOf(...pieces: readonly string[]): OutputStream {
  return new OutputStream({ body: Readable.from(pieces.map((piece) => Buffer.from(piece))), tty: true, request })
}

function code(wanted: string): (error: unknown) => boolean {
  return (error) => {
    assert.equal((error as { code?: string }).code, wanted, String(error))
    return true
  }
}

test('a stream is read once: a second reader hears of it', async () => {
  const stream = streamOf('one', 'two')
  assert.equal(await stream.text(), 'onetwo')
  for (const again of [() => stream.text(), () => stream.collect(), () => stream.lines().next()]) {
    await assert.rejects(again(), code('ERR_ARGUMENT_INVALID'))
  }
})

test('a stream that its reader closed ends, before its first piece and after', async () => {
  const unread = streamOf('one')
  await unread.close()
  assert.equal((await unread[Symbol.asyncIterator]().next()).done, true)
  const body = new Readable({ read: () => undefined })
  const stream = new OutputStream({ body, tty: true, request })
  body.push('one')
  const reading = stream[Symbol.asyncIterator]()
  assert.equal((await reading.next()).value?.data.toString(), 'one')
  const next = reading.next()
  await stream.close()
  assert.equal((await next).done, true)
})

test('a stream that its reader closed has no whole text', async () => {
  const unread = streamOf('one')
  await unread.close()
  await assert.rejects(unread.text(), code('ERR_CLIENT_CLOSED'))
})

test('a stream that somebody else closed says so', async () => {
  const body = new Readable({ read: () => undefined })
  const stream = new OutputStream({ body, tty: true, request })
  const next = assert.rejects(stream[Symbol.asyncIterator]().next(), code('ERR_CLIENT_CLOSED'))
  body.destroy()
  await stream.close()
  await next
})

test('a stream that has failed stays failed when its reader closes it', async () => {
  const lost = new Error('lost')
  const body = new Readable({ read: () => undefined })
  const stream = new OutputStream({ body, tty: true, request })
  body.destroy(lost)
  await stream.close()
  await assert.rejects(stream[Symbol.asyncIterator]().next(), lost)
})

/** Whether Readable.read() gives all that is there, as up to Node 24, or one buffer of it. */
function joinsBuffers(): boolean {
  const stream = new Readable({ read: () => undefined })
  stream.push('a')
  stream.push('b')
  return String(stream.read()) === 'ab'
}

test('pieces that come in one turn are taken together, and large ones at once', async () => {
  const body = new Readable({ read: () => undefined })
  const reading = new OutputStream({ body, tty: true, request })[Symbol.asyncIterator]()
  const first = reading.next()
  await turn()
  body.push('a')
  await Promise.resolve()
  body.push('b')
  const expected = joinsBuffers() ? ['ab'] : ['a', 'b']
  assert.equal((await first).value?.data.toString(), expected[0])
  for (const piece of expected.slice(1)) assert.equal((await reading.next()).value?.data.toString(), piece)
  const large = Buffer.alloc(20_000, 'x')
  body.push(large)
  assert.equal((await reading.next()).value?.data.length, large.length)
  const last = reading.next()
  body.push('c')
  body.push(null)
  assert.equal((await last).value?.data.toString(), 'c')
  assert.equal((await reading.next()).done, true)
})
