import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PoolsOfCallers, type Pools } from '../../lib/transport/pools.ts'

interface FakePools {
  /** How many requests each has. */
  readonly sizes: { short: number; patient: number; hijacked: number }
  readonly did: string[]
}

function fakes(): { readonly pools: PoolsOfCallers; readonly of: (caller: string) => FakePools } {
  const made = new Map<string, FakePools>()
  const pools = new PoolsOfCallers(({ caller = '', onlyDockerd = false }) => {
    const fake: FakePools = { sizes: { short: 0, patient: 0, hijacked: 0 }, did: [] }
    made.set(onlyDockerd ? `dockerd ${caller}` : caller, fake)
    const ends = {
      close: async () => void fake.did.push('close'),
      destroy: async () => void fake.did.push('destroy'),
    }
    const pool = (name: 'patient' | 'hijacked'): object => ({
      ...ends,
      get stats() {
        return { size: fake.sizes[name] }
      },
    })
    const short = {
      ...ends,
      get isIdle() {
        return fake.sizes.short === 0
      },
    }
    return { short, patient: pool('patient'), hijacked: pool('hijacked') } as unknown as Pools
  })
  return { pools, of: (caller) => made.get(caller) ?? assert.fail(`no pools of ${caller}`) }
}

test('the pools of a caller who has left are closed, but not while a request of theirs is open', async (t) => {
  let now = 0
  t.mock.method(performance, 'now', () => now)
  const { pools, of } = fakes()
  const alice = pools.of({ caller: 'alice' })
  const busy = ['short', 'patient', 'hijacked'] as const
  for (const name of busy) {
    pools.of({ caller: name })
    of(name).sizes[name] = 1
  }
  assert.equal(pools.of({ caller: 'alice' }), alice)
  assert.notEqual(pools.of({ caller: 'carol' }), alice)
  now = 119_000
  pools.of({ caller: 'carol' })
  assert.deepEqual(of('alice').did, [])
  now = 121_000
  pools.of({ caller: 'dan' })
  assert.deepEqual(of('alice').did, ['close', 'close', 'close'])
  for (const name of busy) assert.deepEqual(of(name).did, [], name)
  assert.deepEqual(of('carol').did, [])
  await pools.destroy(new Error('enough'))
  for (const caller of ['', ...busy, 'carol', 'dan'])
    assert.deepEqual(of(caller).did, ['destroy', 'destroy', 'destroy'])
  assert.deepEqual(of('alice').did, ['close', 'close', 'close'])
})

test('connections that have proven to lead to dockerd are apart, also where callers share theirs', () => {
  const { pools } = fakes()
  const [own, proven] = [pools.of({}), pools.of({ onlyDockerd: true })]
  assert.notEqual(proven, own)
  assert.deepEqual([pools.of({ onlyDockerd: false }), pools.of({ onlyDockerd: true })], [own, proven])
  assert.notEqual(pools.of({ caller: 'ann', onlyDockerd: true }), pools.of({ caller: 'ann' }))
})
