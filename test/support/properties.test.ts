import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assertProperty, assertSamples, fc, settingsIn } from './properties.ts'

const REPEAT =
  /FUZZ_SEED=\d+ .*npm test -- test\/support\/properties\.test\.ts --test-name-pattern='a failure names .*'/

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
  assert.match(message, REPEAT)
  return true
}

async function areNone(samples: readonly number[]): Promise<void> {
  assert.equal(samples.length, 0)
}

describe('a failure names the command that repeats it', () => {
  test("a failure names what (isn't) a letter: synchronous", (t) => {
    assert.throws(() => assertProperty(t, fc.property(fc.nat(), isSmall)), isReport)
  })

  test('a failure names the command: asynchronous', async (t) => {
    const property = fc.asyncProperty(fc.nat(), async (value) => isSmall(value))
    await assert.rejects(assertProperty(t, property), isReport)
  })

  test('a failure names the command: samples', async (t) => {
    await assert.rejects(assertSamples(t, fc.nat(), { numRuns: 8, most: 3 }, areNone), ({ message }: Error) => {
      assert.match(message, /3 !== 0/)
      assert.match(message, REPEAT)
      return true
    })
  })
})
