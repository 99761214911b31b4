import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { test } from 'node:test'
import { FairScheduler } from '../../lib/base/fair-scheduler.ts'
import { BodyRefused } from '../../lib/gateway/arriving/body.ts'
import { Place } from '../../lib/gateway/arriving/place.ts'
import type { Quotas } from '../../lib/gateway/arriving/quota.ts'

test('what waits for a decision counts against the limits of its identity, also after its client has left', async () => {
  const given: string[] = []
  const quotas = {
    take: () => true,
    give: (_key: string, kind: string, amount = 1) => given.push(`${kind} ${amount}`),
  } as unknown as Quotas
  const scheduler = new FairScheduler()
  const [before, place] = [0, 1].map(() => new Place({ quotas, scheduler }, 'ann', 'requests')) as [Place, Place]
  const end = new EventEmitter()
  const running = before.inTurn(() => once(end, 'now'))
  assert.ok(place.take() && place.hold(1000))
  const waiting = place.inTurn(() => Promise.reject(new Error('it is decided in vain')))
  place.end()
  await new Promise(setImmediate)
  assert.deepEqual(given, [])
  end.emit('now')
  await running
  await assert.rejects(waiting, BodyRefused)
  assert.deepEqual(given, ['requests 1', 'heldBytes 1000'])
  assert.equal(place.hold(1), false)
})
