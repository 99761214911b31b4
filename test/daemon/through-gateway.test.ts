/** Tests of our client that each run repeats through a gateway: input with half close, terminals, and uploads that break off. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lacks } from '../support/requirements.ts'
import { countGateways, throughGateway } from './harness/gateway.ts'

throughGateway()
await import('./engine/exec.test.ts')
await import('./engine/failing-inputs.test.ts')

test(
  'the daemons of these tests were behind a gateway',
  { skip: lacks('namespaces', 'dockerd', 'busybox', 'ip') },
  () => {
    assert.equal(countGateways(), 2)
  },
)
