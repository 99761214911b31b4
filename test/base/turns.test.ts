import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Turns } from '../../lib/base/turns.ts'

const SLOW_MS = 60

function work(milliseconds: number): void {
  for (const began = performance.now(); performance.now() - began < milliseconds;);
}

describe('turns', () => {
  test('between decisions that take long, timers and other callers have their turns', async () => {
    const turns = new Turns()
    const order: string[] = []
    const decide = async (key: string, milliseconds: number): Promise<void> => {
      await turns.run(key, async () => work(milliseconds))
      order.push(key)
    }
    const slow = Array.from({ length: 6 }, () => decide('slow', SLOW_MS))
    const began = performance.now()
    const timer = setInterval(() => order.push('timer'), 1)
    await slow[0]
    for (let index = 0; index < 3; index++) await decide('quick', 0)
    await Promise.all(slow)
    clearInterval(timer)
    const seen = order.join(' ')
    assert.match(seen, /^slow (?:timer )*quick (?:timer )*quick (?:timer )*quick /, seen)
    assert.equal(order.filter((one) => one === 'slow').length, 6)
    assert.ok(!/slow slow slow/.test(seen), seen)
    // They rest for as long as they have taken.
    assert.ok(performance.now() - began > 2 * 5 * SLOW_MS, `${performance.now() - began} ms`)
  })

  test('callers whose decisions take long have them in turns', async () => {
    const turns = new Turns()
    const order: string[] = []
    const decide = async (key: string): Promise<void> => {
      await turns.run(key, async () => work(SLOW_MS))
      order.push(key)
    }
    await Promise.all(['one', 'one', 'one', 'one', 'other', 'other'].map((key) => decide(key)))
    assert.deepEqual(order, ['one', 'other', 'one', 'other', 'one', 'one'])
  })

  test('decisions that take no time begin at once', async () => {
    const turns = new Turns()
    let isNext = false
    setImmediate(() => (isNext = true))
    for (let index = 0; index < 20; index++) await turns.run(`caller ${index % 3}`, () => Promise.resolve())
    assert.equal(isNext, false)
  })
})
