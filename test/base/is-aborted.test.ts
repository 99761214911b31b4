import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { isAborted } from '../../lib/index.ts'

const own = new Error('enough')
const live = new AbortController().signal
const byDefault = AbortSignal.abort()
const byOwn = AbortSignal.abort(own)
const byText = AbortSignal.abort('text')

const ROWS: readonly [what: string, aborted: boolean, error: unknown, signal?: AbortSignal][] = [
  ['the default reason', true, byDefault.reason],
  ['the default reason, with its signal', true, byDefault.reason, byDefault],
  ['the default reason of another signal', false, byDefault.reason, AbortSignal.abort()],
  ['an own reason', false, own],
  ['an own reason, with its signal', true, own, byOwn],
  ['a copy of an own reason', false, new Error('enough'), byOwn],
  ['a reason that is no error', true, 'text', byText],
  ['another error, with an aborted signal', false, new Error('lost'), byDefault],
  ['an AbortError, with a signal that is not aborted', false, byDefault.reason, live],
  ['undefined, with a signal that is not aborted', false, undefined, live],
  ['an object that only has the name', false, { name: 'AbortError' }],
  ['nothing', false, undefined],
  ['null', false, null],
]

for (const [what, aborted, error, signal] of ROWS) {
  test(`${what}: ${aborted ? 'aborted' : 'not aborted'}`, () => assert.equal(isAborted(error, signal), aborted))
}

test('a time-out by AbortSignal.timeout() is found by its signal', async () => {
  const late = AbortSignal.timeout(0)
  // The timer of the signal doesn't keep a process alive.
  while (!late.aborted) await delay(1)
  assert.deepEqual([isAborted(late.reason), isAborted(late.reason, late)], [false, true])
})
