import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as front from 'undici'
import { Client, Dispatcher, dispatcherMethods, Pool } from '../../lib/transport/undici.ts'

test('undici imported by path gives the same objects as its main module', () => {
  assert.equal(Client, front.Client)
  assert.equal(Pool, front.Pool)
  assert.equal(Dispatcher, front.Dispatcher)
  for (const [name, method] of Object.entries(dispatcherMethods)) {
    assert.equal(method, front.Dispatcher.prototype[name as 'request'], name)
  }
})
