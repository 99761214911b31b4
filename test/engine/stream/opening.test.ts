import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Opening } from '../../../lib/engine/stream/opening.ts'

/** Numbers without end, which know whether they were left. */
class Numbers implements AsyncIterable<number> {
  left = 0

  async *[Symbol.asyncIterator](): AsyncGenerator<number, void, undefined> {
    try {
      for (let next = 0; ; next += 1) yield next
    } finally {
      this.left += 1
    }
  }
}

function opening(): { opened: () => number; stream: Numbers; opening: Opening<number, Numbers> } {
  const stream = new Numbers()
  let opened = 0
  const open = async (): Promise<Numbers> => {
    opened += 1
    return stream
  }
  return { opened: () => opened, stream, opening: new Opening(open) }
}

describe('a stream that opens when it is needed', () => {
  test('nothing is sent before', async () => {
    const { opened } = opening()
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(opened(), 0)
  })

  test('awaited, it is the open stream, and only one', async () => {
    const { opened, stream, opening: it } = opening()
    assert.equal(await it, stream)
    assert.equal(await it, stream)
    assert.deepEqual(await Promise.all([it, it]), [stream, stream])
    assert.equal(opened(), 1)
  })

  test('looped over, it opens, and leaving the loop ends it', async () => {
    const { opened, stream, opening: it } = opening()
    for await (const number of it) if (number === 2) break
    assert.deepEqual([opened(), stream.left], [1, 1])
  })

  test('awaited and then looped over, it is opened once', async () => {
    const { opened, stream, opening: it } = opening()
    const awaited = await it
    for await (const number of awaited) if (number === 2) break
    for await (const number of it) if (number === 2) break
    assert.deepEqual([opened(), stream.left], [1, 2])
  })

  test('a failure to open is thrown where it is awaited, and where it is looped over', async () => {
    const refused = new Error('refused')
    const it = new Opening<number, Numbers>(() => Promise.reject(refused))
    await assert.rejects(Promise.resolve(it), refused)
    await assert.rejects(async () => {
      for await (const _ of it) assert.fail('there was a value')
    }, refused)
    const settled = it.then(
      () => new Error('it opened'),
      (error: unknown) => error,
    )
    assert.equal(await settled, refused)
  })

  test('an error in the stream is thrown in the loop', async () => {
    const lost = new Error('lost')
    const broken: AsyncIterable<number> = {
      async *[Symbol.asyncIterator]() {
        yield 1
        throw lost
      },
    }
    const it = new Opening<number, AsyncIterable<number>>(() => Promise.resolve(broken))
    const seen: number[] = []
    await assert.rejects(async () => {
      for await (const number of it) seen.push(number)
    }, lost)
    assert.deepEqual(seen, [1])
  })
})

test('catch and finally are a promise’s', async () => {
  const failing = new Opening<number, AsyncIterable<number>>(() => Promise.reject(new Error('no')))
  assert.equal(await failing.catch((error) => (error as Error).message), 'no')
  let ended = 0
  await assert.rejects(
    failing.finally(() => ended++),
    /^Error: no$/,
  )
  assert.equal(ended, 1)
})
