import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PoolsOfCallers, type Pools } from '../../lib/transport/pools.ts'

interface FakePools {
  size: number
  readonly did: string[]
}

function fakes(): { readonly pools: PoolsOfCallers; readonly of: (caller: string) => FakePools } {
  const made = new Map<string, FakePools>()
  const pools = new PoolsOfCallers((caller = '') => {
    const fake: FakePools = { size: 0, did: [] }
    made.set(caller, fake)
    const pool = {
      close: async () => void fake.did.push('close'),
      destroy: async () => void fake.did.push('destroy'),
      isIdle: true,
      stats: {
        get size() {
          return fake.size
        },
      },
    }
    return { short: pool, patient: pool, hijacked: pool } as unknown as Pools
  })
  return { pools, of: (caller) => made.get(caller) ?? assert.fail(`no pools of ${caller}`) }
}

test('the pools of a caller who has left are closed, but not while a request of theirs is open', async (t) => {
  let now = 0
  t.mock.method(performance, 'now', () => now)
  const { pools, of } = fakes()
  const alice = pools.of('alice')
  pools.of('bob')
  of('bob').size = 1
  assert.equal(pools.of('alice'), alice)
  assert.notEqual(pools.of('bob'), alice)
  now = 119_000
  pools.of('carol')
  assert.deepEqual(of('alice').did, [])
  now = 121_000
  pools.of('dan')
  assert.deepEqual(of('alice').did, ['close', 'close', 'close'])
  assert.deepEqual(of('bob').did, [])
  assert.deepEqual(of('carol').did, [])
  await pools.destroy(new Error('enough'))
  for (const caller of ['', 'bob', 'carol', 'dan']) assert.deepEqual(of(caller).did, ['destroy', 'destroy', 'destroy'])
  assert.deepEqual(of('alice').did, ['close', 'close', 'close'])
})
