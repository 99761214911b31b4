import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCalls, type Called } from '../daemon/harness/called.ts'
import { ROWS, shapeOf, type Row } from '../engine/support/rows.ts'
import { lacks } from '../support/requirements.ts'

/** Of all files of the run, which have ended: test/run.ts runs this folder last. */
const calls = readCalls()
const nothing =
  calls === undefined && 'no daemon has been asked in this run: it says something after a whole one, npm test'
const skip = lacks('namespaces', 'dockerd') || nothing

function isCallOf({ method, path }: Row, call: Called): boolean {
  const pattern = new RegExp(`^${shapeOf(path).replaceAll('.', '\\.').replaceAll('{}', '[^/]+')}$`)
  return call.method === method && pattern.test(call.path)
}

/** `/containers/json` has the shape of `/containers/{id}`: the row without places is meant. */
function rowOf(call: Called): Row | undefined {
  const rows = ROWS.filter((row) => isCallOf(row, call))
  return rows.find(({ path }) => !path.includes('{')) ?? rows[0]
}

test('a real daemon has answered every operation well, called by the file that the table names', { skip }, () => {
  const seen = new Set(calls?.map((call) => `${rowOf(call)?.id} ${call.file}`))
  const missing = ROWS.filter(({ id, file }) => file !== undefined && !seen.has(`${id} ${file}`))
  assert.deepEqual(
    missing.map(({ id, file }) => `${id} by ${file}.test.ts`),
    [],
  )
})

/** To a negative limit the daemon answers 200, and then plain text: nothing that could be called an answer. */
const SEEMINGLY: ReadonlySet<string> = new Set(['ImageSearch'])

test('what is said to be impossible has not happened', { skip }, () => {
  const seen = new Set(calls?.map((call) => rowOf(call)?.id))
  const claimed = ROWS.filter(({ id, reason }) => reason !== undefined && !SEEMINGLY.has(id))
  assert.deepEqual(
    claimed.map(({ id }) => id).filter((id) => seen.has(id)),
    [],
  )
})
