import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decidedBy } from '../../lib/gateway/deciding/decided.ts'
import { callsByPolicy } from '../../lib/gateway/grpc/by-policy.ts'
import { decide, definePolicy, type Decision } from '../../lib/policy.ts'
import { refusalText } from '../../lib/policy/refusal-text.ts'
import { toRequest } from '../policy/reading/support.ts'
import { bytesField, CONTROL, mapField } from '../policy/calls/encode.ts'
import { startOwnClock } from '../support/own-time.ts'

const MEGABYTES = 4_000_000
const policy = definePolicy({ version: 1, rules: [{ name: 'ann', who: { socket: 'ann' }, level: 'read-only' }] })
const builders = definePolicy({ version: 1, rules: [{ name: 'ann', who: { socket: 'ann' }, level: 'restricted' }] })

const asked = (field: string): Decision =>
  decide(
    policy,
    { socket: 'ann' },
    toRequest('POST /containers/create', JSON.stringify({ Image: 'a', HostConfig: { [field]: 1 } })),
  )

/** Quoted by a reason, a name could fill the log and the memory, and take seconds. */
describe('a name of megabytes in a request', () => {
  for (const part of ['.', ': ', 'x', 'ä'])
    test(`is cut in the log and in the refusal: ${JSON.stringify(part)}`, () => {
      const decision = asked(part.repeat(MEGABYTES / part.length))
      assert.equal(decision.verdict, 'refuse')
      const ownTime = startOwnClock()
      const places = (decidedBy(decision).reasons ?? []).map(({ where = '' }) => where.length)
      assert.ok(ownTime() < 1_000)
      assert.ok(places.length > 0 && Math.max(...places) <= 300, places.join())
      assert.ok(refusalText(decision).length < 10_000)
    })

  test('of a call to BuildKit is cut in the refusal that the gateway remembers', () => {
    const { refused, opens } = callsByPolicy(builders, (identity) => identity as { socket: string }).judge(
      { socket: 'ann' },
      {
        path: `${CONTROL}Solve`,
        metadata: () => [],
        message: Buffer.concat([bytesField(1, 'ref'), mapField(7, { ['x'.repeat(MEGABYTES)]: '1' })]),
      },
    )
    assert.deepEqual(opens, { kind: 'build', id: 'ref' })
    assert.ok(refused && refused.message.length < 10_000, String(refused?.message.length))
  })
})
