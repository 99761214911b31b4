import { strict as assert } from 'node:assert'
import { describe, test } from 'node:test'
import { CHECKS } from '../../../lib/audit/checks.ts'
import type { Check } from '../../../lib/audit/check.ts'
import type { Status } from '../../../lib/audit/verdict.ts'
import { statusOf, type Change } from './daemon-snapshot.ts'

/** A status, and what makes the check have it. */
export type Row = readonly [status: Status, what: string, change: Change]
export type Cases = Readonly<Record<string, readonly Row[]>>

/**
 * Runs every row, and demands of each check a row that passes, one that doesn't, and one that is unknown.
 *
 * @param limited - all statuses that a check can have, if it can't have these
 */
export function runCases(
  checks: readonly Check[],
  cases: Cases,
  limited: Readonly<Record<string, readonly Status[]>> = {},
): void {
  for (const { id } of checks) {
    describe(id, () => {
      const rows = cases[id] ?? []
      for (const [status, what, change] of rows) {
        test(`${status}: ${what}`, () => assert.equal(statusOf(id, change), status))
      }
      test('has rows of all kinds', () => {
        const statuses = new Set(rows.map(([status]) => status))
        if (limited[id]) return assert.deepEqual([...statuses].toSorted(), limited[id].toSorted())
        assert.ok(statuses.has('pass') && statuses.has('unknown'), [...statuses].join())
        assert.ok(statuses.has('fail') || statuses.has('warn'), [...statuses].join())
      })
    })
  }
  test('each of these checks runs in an audit, and each row has a check', () => {
    const ids = new Set(checks.map(({ id }) => id))
    for (const check of checks) assert.ok(CHECKS.includes(check), check.id)
    for (const id of Object.keys(cases)) assert.ok(ids.has(id), id)
  })
}
