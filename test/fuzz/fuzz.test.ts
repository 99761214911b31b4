import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { chunksOf } from './chunks.ts'
import { mutate } from './mutate.ts'
import { Random } from './random.ts'
import { fuzzTarget } from './supervise.ts'
import { loadTargets } from './targets.ts'

const PLANTED = fileURLToPath(new URL('./planted/readers.ts', import.meta.url))
const SEED = 7

const FAULTS: Readonly<Record<string, string>> = {
  'type-error': 'error',
  'wrong-result': 'violation',
  stray: 'stray',
  hang: 'hang',
  'never-settled': 'hang',
  quadratic: 'time',
  memory: 'memory',
  'endless-memory': 'crash',
}

describe('the fuzzer finds', { concurrency: 2 }, () => {
  for (const [name, kind] of Object.entries(FAULTS)) {
    test(`a reader with the fault ${name}`, async () => {
      const { finding } = await fuzzTarget({
        file: PLANTED,
        name,
        seed: SEED,
        // It ends at its finding; a busy machine needs longer until there.
        seconds: 90,
        hangSeconds: kind === 'hang' ? 3 : 60,
      })
      assert.equal(finding?.kind, kind, finding?.detail)
      assert.notEqual(finding.input, '')
    })
  }
})

test('it finds nothing in a sound reader, and counts what that accepts', async () => {
  const { finding, inputs, accepted } = await fuzzTarget({ file: PLANTED, name: 'sound', seed: SEED, seconds: 1 })
  assert.equal(finding, undefined)
  assert.ok(inputs > 100)
  assert.equal(accepted, inputs)
})

test('it counts what a reader refuses', async () => {
  const { accepted } = await fuzzTarget({ file: PLANTED, name: 'refuses-all', seed: SEED, seconds: 0 })
  assert.equal(accepted, 0)
})

test('a seed gives the same inputs, and an input the same chunks', () => {
  const inputs = [1, 1].map((seed) => {
    const random = new Random(seed)
    const material = { pool: [Buffer.from('one'), Buffer.from('two')], words: [], format: undefined, longest: 10_000 }
    return Array.from({ length: 200 }, () => mutate(Buffer.from('a1\nb22\n'), random, material).toString('hex'))
  })
  assert.deepEqual(inputs[0], inputs[1])
  const bytes = Buffer.from('x'.repeat(5000))
  assert.deepEqual(chunksOf(bytes), chunksOf(bytes))
  assert.deepEqual(Buffer.concat(chunksOf(bytes)), bytes)
})

test('the targets have names of their own', async () => {
  const names = (await loadTargets()).map(({ target }) => target.name)
  assert.equal(new Set(names).size, names.length)
  assert.ok(names.length > 40)
})
