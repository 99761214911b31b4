import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { lacks } from '../support/requirements.ts'
import { makeCredentials, type Credentials } from '../transport/support/credentials.ts'
import { CALLS, type CallName } from './support/calls.ts'
import { cells, nameOf, runCell, wholeResult } from './support/cell.ts'
import { expectedOf } from './support/expected.ts'
import { tableOf, type Row } from './support/table.ts'

/** What nobody has caught. */
const uncaught: unknown[] = []
for (const event of ['uncaughtException', 'unhandledRejection']) process.on(event, (reason) => uncaught.push(reason))

const skip = lacks('namespaces', 'iptables')

describe('a call that is hit by a fault of its connection ends as it should', { skip, concurrency: true }, () => {
  const rows: Row[] = []
  const wholes = new Map<CallName, unknown>()
  let credentials: Credentials
  before(async () => {
    credentials = await makeCredentials()
    for (const call of Object.keys(CALLS) as CallName[]) wholes.set(call, await wholeResult(call, credentials))
  })
  after(() => void process.stdout.write(`${tableOf(rows)}\n`))

  // What takes longest begins first.
  for (const cell of cells.toSorted((a, b) => Number(b.fault === 'drop') - Number(a.fault === 'drop'))) {
    const expected = expectedOf(cell)
    test(nameOf(cell), async () => {
      const end = await runCell(cell, wholes.get(cell.call), credentials)
      const inTime = end.seconds >= expected.from && end.seconds <= expected.to
      const departs = !inTime || !expected.how.some((how) => how === end.how) || end.leaked > 0
      rows.push({ ...cell, ...end, departs })
      assert.ok(
        !departs,
        `expected ${expected.how.join(' or ')} after ${expected.from} to ${expected.to} s and no open socket, but got ${JSON.stringify(end, undefined, 1)}`,
      )
    })
  }
})

test('nothing was thrown or rejected that nobody caught', { skip }, () => {
  assert.deepEqual(uncaught, [])
})
