import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { isDockerMtlsError, openAuditLog, verifyAuditLog } from '../../lib/gateway.ts'
import { linesOf, pathIn, stall } from './support/log-files.ts'

const EVENT = { event: 'cut', identity: 'CN=a', reason: 'X' } as const

/** Timers are mocked. */
async function pass(milliseconds: number, t: TestContext): Promise<void> {
  for (let at = 0; at < milliseconds; at += 100) {
    t.mock.timers.tick(100)
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
  }
}

for (const [onFailure, isServed] of [
  ['refuse', false],
  ['go on', true],
] as const)
  test(`a write that hangs for 5 s counts as a failure until it returns; ${onFailure}`, async (t) => {
    const path = await pathIn(t)
    const log = await openAuditLog({ path, onFailure })
    const failures: Error[] = []
    log.onFailure((error) => failures.push(error))
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const hanging = stall(t)
    let answer: boolean | undefined
    void log.record(EVENT).then((may) => (answer = may))
    await pass(4_900, t)
    assert.deepEqual([answer, log.failure], [undefined, undefined])
    await pass(200, t)
    assert.deepEqual([answer, log.isReady], [isServed, isServed])
    assert.ok(isDockerMtlsError(log.failure, 'ERR_FILE_WRITE'))
    assert.match(log.failure.message, /it takes more than 5 s[^]*Check its disk/)
    await pass(20_000, t)
    assert.equal(await log.record(EVENT), isServed)
    assert.equal(failures.length, 1)
    hanging.abort()
    // A real write, on a disk that others use, too.
    for (const last = performance.now() + 10_000; log.failure !== undefined && performance.now() < last;)
      await new Promise(setImmediate)
    assert.deepEqual([log.failure, log.isReady], [undefined, true])
    assert.equal(await log.record(EVENT), true)
    t.mock.timers.reset()
    await log.close()
    const { faults, lost } = await verifyAuditLog([path])
    assert.deepEqual([faults, lost], [[], 0])
    assert.equal((await linesOf(path)).length, 1 + 3 + 1)
  })

test('a log whose write hangs gives up 5 s after the write began when it is closed, and at once after that', async (t) => {
  for (const before of [2_000, 6_000]) {
    const log = await openAuditLog({ path: await pathIn(t) })
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const hanging = stall(t)
    log.write(EVENT)
    await pass(before, t)
    let failure: unknown
    log.close().catch((error: unknown) => (failure = error))
    await pass(2_900, t)
    if (before < 5_000) assert.equal(failure, undefined)
    await pass(before < 5_000 ? 200 : 0, t)
    assert.ok(isDockerMtlsError(failure, 'ERR_FILE_WRITE'))
    hanging.abort()
    t.mock.timers.reset()
  }
})

test('up to 16 MiB wait, lines are written in their order, and each request waits for its own', async (t) => {
  const path = await pathIn(t)
  const log = await openAuditLog({ path })
  const hanging = stall(t)
  log.write(EVENT)
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
  const long = { ...EVENT, reason: 'x'.repeat(10_000) }
  const writeMany = (count: number): void => {
    for (let index = 0; index < count; index++) log.write(long)
  }
  /** How many lines of the log are written when it may go on. */
  const record = async (identity: string): Promise<number> => {
    assert.equal(await log.record({ ...EVENT, identity }), true)
    const text = readFileSync(path, 'latin1')
    assert.ok(text.includes(`"${identity}"`))
    return text.split('\n').length
  }
  const first = record('CN=first')
  writeMany(1_200)
  const second = record('CN=second')
  writeMany(1_200)
  assert.equal(await log.record(EVENT), false)
  hanging.abort()
  // The first is in a batch with 999 others.
  assert.ok((await first) < 1_200)
  assert.ok((await second) > 1_202)
  await log.close()
  const { faults, lost, lines } = await verifyAuditLog([path])
  assert.deepEqual(faults, [])
  assert.ok(lost > 700 && lines < 1_700, `${lost} lost, ${lines} lines`)
})
