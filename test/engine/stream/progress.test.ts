import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Progress } from '../../../lib/engine/stream/progress.ts'

/** A call of some steps, and what has become of it. */
function call({ steps = 3, failure }: { steps?: number; failure?: Error } = {}): {
  readonly log: string[]
  readonly progress: Progress<number, string>
} {
  const log: string[] = []
  const progress = new Progress<number, string>(async function* run() {
    log.push('begun')
    try {
      for (let step = 1; step <= steps; step += 1) {
        await turn()
        yield step
      }
      if (failure !== undefined) throw failure
      log.push('done')
      return 'result'
    } finally {
      log.push('ended')
    }
  })
  return { log, progress }
}

async function listen(progress: AsyncIterable<number>): Promise<number[]> {
  const seen: number[] = []
  for await (const step of progress) seen.push(step)
  return seen
}

/** Awaits it from now on. */
async function wait(progress: PromiseLike<string>): Promise<string> {
  return progress
}

describe('something long that the daemon does', () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  before(() => process.on('unhandledRejection', note))
  after(async () => {
    await turn()
    process.off('unhandledRejection', note)
    assert.deepEqual(unhandled, [], 'a rejection that nobody could handle')
  })

  test('begins when it is awaited or looped over, and not before', async () => {
    const { log, progress } = call()
    await turn()
    assert.deepEqual(log, [])
    assert.equal(await progress, 'result')
    assert.deepEqual(log, ['begun', 'done', 'ended'])
  })

  test('awaited again and again, it runs once', async () => {
    const { log, progress } = call()
    assert.deepEqual(await Promise.all([progress, progress.then((result) => `${result}!`)]), ['result', 'result!'])
    assert.equal(await progress, 'result')
    assert.deepEqual(log, ['begun', 'done', 'ended'])
  })

  test('looped over, it tells what happens; awaited then, what came of it', async () => {
    const { log, progress } = call()
    assert.deepEqual(await listen(progress), [1, 2, 3])
    assert.equal(await progress, 'result')
    assert.deepEqual(log, ['begun', 'done', 'ended'])
  })

  test('looped over again when it is over, it says so', async () => {
    const { progress } = call()
    await listen(progress)
    await assert.rejects(listen(progress), { code: 'ERR_ARGUMENT_INVALID', message: /already been read/ })
    assert.equal(await progress, 'result')
    const awaited = call()
    await awaited.progress
    await assert.rejects(listen(awaited.progress), { code: 'ERR_ARGUMENT_INVALID', message: /already been read/ })
    const failure = new Error('no')
    const failing = call({ failure })
    await assert.rejects(listen(failing.progress), failure)
    await assert.rejects(listen(failing.progress), failure)
  })

  test('awaited while it is looped over, in either order, it runs once and nothing is told twice', async () => {
    for (const first of ['loop', 'await'] as const) {
      const { log, progress } = call({ steps: 10 })
      const both = first === 'loop' ? [listen(progress), wait(progress)] : [wait(progress), listen(progress)]
      const results = await Promise.all(both)
      const seen = results.find((result) => Array.isArray(result)) ?? []
      assert.ok(results.includes('result'), `no result with the ${first} first`)
      assert.deepEqual(seen, first === 'loop' ? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] : [...new Set(seen)])
      assert.deepEqual(log, ['begun', 'done', 'ended'])
    }
  })

  test('leaving the loop ends it, and then there is no result', async () => {
    const { log, progress } = call()
    for await (const step of progress) if (step === 2) break
    assert.deepEqual(log, ['begun', 'ended'])
    await assert.rejects(Promise.resolve(progress), { code: 'ERR_ARGUMENT_INVALID', message: /left the loop/ })
  })

  test('an error in the body of the loop ends it', async () => {
    const { log, progress } = call()
    const own = new Error('mine')
    await assert.rejects(async () => {
      for await (const _ of progress) throw own
    }, own)
    assert.deepEqual(log, ['begun', 'ended'])
  })

  test('whoever awaits it while somebody else leaves its loop hears of it', async () => {
    const { progress } = call()
    const loop = (async () => {
      for await (const step of progress) if (step === 2) break
    })()
    await assert.rejects(Promise.resolve(progress), { code: 'ERR_ARGUMENT_INVALID' })
    await loop
  })

  test('a failure is thrown where it is awaited', async () => {
    const failure = new Error('failed')
    const { log, progress } = call({ failure })
    await assert.rejects(Promise.resolve(progress), failure)
    await assert.rejects(Promise.resolve(progress), failure)
    assert.deepEqual(log, ['begun', 'ended'])
  })

  test('a failure is thrown in the loop, and to whoever awaits it then', async () => {
    const failure = new Error('failed')
    const { progress } = call({ failure })
    await assert.rejects(listen(progress), failure)
    await assert.rejects(Promise.resolve(progress), failure)
    await assert.rejects(listen(progress), failure)
  })

  test('a failure is thrown to all who listen at the time', async () => {
    const failure = new Error('failed')
    for (const order of ['loop', 'await'] as const) {
      const { progress } = call({ failure })
      const both = order === 'loop' ? [listen(progress), wait(progress)] : [wait(progress), listen(progress)]
      const results = await Promise.allSettled(both)
      const reasons = results.map((result) => (result.status === 'rejected' ? result.reason : 'no failure'))
      assert.deepEqual(reasons, [failure, failure], `${order} first`)
    }
  })

  test('nobody has to await it after a loop that failed', async () => {
    const { progress } = call({ failure: new Error('failed') })
    await listen(progress).catch(() => {})
    await turn()
    assert.deepEqual(unhandled, [])
  })

  test('an abort is the failure of the run', async () => {
    const controller = new AbortController()
    const { log, progress } = abortable(controller.signal)
    const seen: number[] = []
    const loop = (async () => {
      for await (const step of progress) {
        seen.push(step)
        if (step === 2) controller.abort(new Error('enough'))
      }
    })()
    await assert.rejects(loop, /enough/)
    await assert.rejects(Promise.resolve(progress), /enough/)
    assert.deepEqual([seen, log], [[1, 2], ['ended']])
  })
})

function abortable(signal: AbortSignal): { readonly log: string[]; readonly progress: Progress<number, void> } {
  const log: string[] = []
  const progress = new Progress<number, void>(async function* run() {
    try {
      for (let step = 1; ; step += 1) {
        signal.throwIfAborted()
        yield step
        await turn()
      }
    } finally {
      log.push('ended')
    }
  })
  return { log, progress }
}

test('catch and finally are a promise’s', async () => {
  const failing = new Progress<number, string>(async function* run() {
    yield 1
    throw new Error('no')
  })
  assert.equal(await failing.catch((error) => (error as Error).message), 'no')
  let ended = 0
  await assert.rejects(
    failing.finally(() => ended++),
    /^Error: no$/,
  )
  assert.equal(ended, 1)
})
