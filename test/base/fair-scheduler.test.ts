import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FairScheduler } from '../../lib/base/fair-scheduler.ts'

const SLOW_MS = 60

function work(milliseconds: number): void {
  for (const began = performance.now(); performance.now() - began < milliseconds;);
}

describe('the fair scheduler', () => {
  test('between decisions that take long, timers and other callers have their turns', async () => {
    const scheduler = new FairScheduler()
    const order: string[] = []
    const decide = async (key: string, milliseconds: number): Promise<void> => {
      await scheduler.run(key, async () => work(milliseconds))
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
    const scheduler = new FairScheduler()
    const order: string[] = []
    const decide = async (key: string): Promise<void> => {
      await scheduler.run(key, async () => work(SLOW_MS))
      order.push(key)
    }
    await Promise.all(['one', 'one', 'one', 'one', 'other', 'other'].map((key) => decide(key)))
    assert.deepEqual(order, ['one', 'other', 'one', 'other', 'one', 'one'])
  })

  test('work that a caller has had done before its turn counts in the turn', () => {
    const scheduler = new FairScheduler()
    const order: string[] = []
    const decide = (key: string, ms: number): boolean =>
      scheduler.runNow(key, () => (order.push(key), scheduler.count(ms)))
    assert.deepEqual(
      [decide('one', 1), decide('one', 10), decide('one', 0), decide('other', 0)],
      [true, true, false, false],
    )
    assert.deepEqual(order, ['one', 'one'])
  })

  test('decisions that take no time begin at once', async () => {
    const scheduler = new FairScheduler()
    let isNext = false
    setImmediate(() => (isNext = true))
    for (let index = 0; index < 20; index++) await scheduler.run(`caller ${index % 3}`, () => Promise.resolve())
    assert.equal(isNext, false)
  })

  test('a caller is slow also if a quick decision comes before each slow one', async () => {
    const scheduler = new FairScheduler()
    const began = performance.now()
    for (let index = 0; index < 4; index++) {
      await scheduler.run('slow', async () => work(SLOW_MS))
      await scheduler.run('slow', () => Promise.resolve())
    }
    assert.ok(performance.now() - began > 2 * 4 * SLOW_MS - 10, `${performance.now() - began} ms`)
  })

  test('one slow decision counts only for itself: the process may have paused; the second makes its caller slow', async () => {
    const scheduler = new FairScheduler()
    const waited = async (caller: string, milliseconds: number): Promise<number> => {
      const began = performance.now()
      await scheduler.run(caller, async () => work(milliseconds))
      return performance.now() - began - milliseconds
    }
    for (let index = 0; index < 2; index++) await waited('slow', 6 * SLOW_MS)
    await waited('quick', SLOW_MS)
    const first = await waited('quick', 0)
    assert.ok(first < 3 * SLOW_MS, `${first} ms`)
    await waited('quick', SLOW_MS)
    const second = await waited('quick', 0)
    assert.ok(second > 4 * SLOW_MS, `${second} ms`)
  })
})
