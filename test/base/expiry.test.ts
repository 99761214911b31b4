import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DAY_MS, expiryOf, type Expiry } from '../../lib/base/expiry.ts'

/** The life in days, the days left, and what that means. */
const ENDS: readonly [life: number, left: number, end: Expiry][] = [
  [397, 300, 'later'],
  [397, 120, 'due'],
  [397, 29, 'soon'],
  [397, 6, 'urgent'],
  [397, 0, 'expired'],
  [2, 0.6, 'soon'],
  // Of a grant, a test, or a client that renews its certificates by a program.
  [1.9, 0.1, 'later'],
  [1 / 24, 0.001, 'later'],
  [1 / 24, 0, 'expired'],
]

for (const [life, left, end] of ENDS) {
  test(`a certificate of ${life} days with ${left} days left: ${end}`, () => {
    const now = Date.now()
    assert.equal(expiryOf({ from: now + (left - life) * DAY_MS, to: now + left * DAY_MS }, now), end)
  })
}
