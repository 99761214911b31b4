import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, test } from 'node:test'
import { pipeBothWays } from '../../lib/interop/tunnel.ts'
import { soon } from './support/asking.ts'

interface Side {
  readonly stream: Duplex
  /** What has been taken in. */
  readonly taken: () => string
}

/** A side of a tunnel that says something, and takes its time to take something in. */
function side(says: readonly string[], milliseconds = 0): Side {
  let taken = ''
  const pieces = [...says]
  const stream = new Duplex({
    allowHalfOpen: true,
    read() {
      this.push(pieces.shift() ?? null)
    },
    write(chunk: Buffer, _encoding, done) {
      setTimeout(() => {
        taken += chunk.toString()
        done()
      }, milliseconds)
    },
  })
  return { stream, taken: () => taken }
}

const quiet = (): Duplex => new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() })

describe('a tunnel', () => {
  test('is closed when both directions have ended, and not before the last byte was taken', async () => {
    const tool = side(['question'], 20)
    const daemon = side(['a', 'ns', 'wer'])
    pipeBothWays(tool.stream, daemon.stream)
    await soon(Promise.all([once(tool.stream, 'close'), once(daemon.stream, 'close')]))
    assert.deepEqual([tool.taken(), daemon.taken()], ['answer', 'question'])
  })

  test('cuts the other side where one is cut', async () => {
    for (const cut of [0, 1]) {
      const sides = [quiet(), quiet()] as const
      for (const stream of sides) stream.on('error', () => undefined)
      pipeBothWays(...sides)
      await delay(5)
      sides[cut]?.destroy(new Error('gone'))
      await soon(once(sides[1 - cut] ?? assert.fail('two sides'), 'close'))
    }
  })

  test('to a side that is gone already is none', async () => {
    for (const gone of [0, 1]) {
      const sides = [side([]).stream, side(['x']).stream] as const
      sides[gone]?.destroy()
      await once(sides[gone] ?? assert.fail('two sides'), 'close')
      pipeBothWays(...sides)
      assert.deepEqual(
        sides.map(({ destroyed }) => destroyed),
        [true, true],
      )
    }
  })
})
