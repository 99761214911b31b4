import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as front from 'undici'
import { Dispatcher, dispatcherMethods, Pool } from '../../lib/transport/undici.ts'

test('the parts of undici that are loaded by path are those of its front door', () => {
  assert.equal(Pool, front.Pool)
  assert.equal(Dispatcher, front.Dispatcher)
  for (const [name, method] of Object.entries(dispatcherMethods)) {
    assert.equal(method, front.Dispatcher.prototype[name as 'request'], name)
  }
})
