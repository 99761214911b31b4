import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { againCommand } from './again.ts'
import { assertProperty, assertSamples, fc, settingsIn } from './properties.ts'

/** With what `npm run fuzz:properties` sets, or without it. */
const AGAIN =
  /Seed \d+; again: {2}(FUZZ_SEED=\d+ FUZZ_RUNS=\d+ )?npm test -- test\/support\/properties\.test\.ts --test-name-pattern='\^a failure: /

function valuesOf(t: { name: string }, numRuns: number): number[] {
  const values: number[] = []
  assertProperty(
    t,
    fc.property(fc.nat(), (value) => void values.push(value)),
    { numRuns },
  )
  return values
}

describe('a property', () => {
  test('gets the same values every time', (t) => {
    assert.deepEqual(valuesOf(t, 20), valuesOf(t, 20))
  })

  test('gets the values of a longer run first', (t) => {
    assert.deepEqual(valuesOf(t, 50).slice(0, 20), valuesOf(t, 20).slice(0, 20))
  })

  test("'s seed and runs come from the environment", () => {
    assert.deepEqual(settingsIn({}), settingsIn({}))
    assert.equal(settingsIn({}).numRuns, 100)
    assert.equal(settingsIn({}, 7).numRuns, 7)
    assert.deepEqual(settingsIn({ FUZZ_SEED: '3', FUZZ_RUNS: '2000' }, 7), { seed: 3, numRuns: 2000 })
    assert.equal(settingsIn({ FUZZ_RUNS: '2000' }, 5000).numRuns, 5000)
    for (const text of ['x', '-1', '1.5', '1e3']) assert.throws(() => settingsIn({ FUZZ_SEED: text }), /FUZZ_SEED=/)
  })
})

function isSmall(value: number): void {
  assert.ok(value < 5, `${value} is too large`)
}

/** The report, the error's own message, and the command. */
function isReport({ message }: Error): boolean {
  assert.match(message, /Property failed after \d+ tests/)
  assert.match(message, /Counterexample: \[5\]/)
  assert.match(message, /5 is too large/)
  assert.match(message, AGAIN)
  return true
}

async function areNone(samples: readonly number[]): Promise<void> {
  assert.equal(samples.length, 0)
}

describe('a failure names the command that repeats it', () => {
  test('a failure: synchronous', (t) => {
    assert.throws(() => assertProperty(t, fc.property(fc.nat(), isSmall)), isReport)
  })

  test('a failure: asynchronous', async (t) => {
    const property = fc.asyncProperty(fc.nat(), async (value) => isSmall(value))
    await assert.rejects(assertProperty(t, property), isReport)
  })

  test('a failure: samples', async (t) => {
    await assert.rejects(assertSamples(t, fc.nat(), { numRuns: 8, most: 3 }, areNone), ({ message }: Error) => {
      assert.match(message, /3 !== 0/)
      assert.match(message, AGAIN)
      return true
    })
  })
})

test('the command that runs a test again quotes its name twice: for node:test and for a shell', () => {
  const command = againCommand('a.test.ts', "it's (a) test?")
  assert.match(command, /npm test -- a\.test\.ts --test-name-pattern='\^it'\\''s \\\(a\\\) test\\\?\$'$/)
})
