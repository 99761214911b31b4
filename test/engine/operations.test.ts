import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Operation } from '../../lib/engine/operation.ts'
import { CALLS } from './operations-table.ts'
import { FACTS, NEWER_FIELDS, ROWS, shapeOf, type Row } from './support/rows.ts'
import { idleClient, reach } from './support/idle-client.ts'
import { loadOperations } from './support/operations.ts'

const operations = await loadOperations()
const route = ({ method, path }: { method: string; path: string }): string => `${method} ${shapeOf(path)}`
const operationsOf = (row: Row): Operation[] => operations.filter((operation) => route(operation) === route(row))

/** What operations that share a path send in the query since a version that is newer than the oldest. */
function newerNames(ours: readonly Operation[]): Record<string, string> {
  const names = ours.flatMap(({ query = {} }) =>
    Object.entries(query).flatMap(([option, { as: name = option, since, newer = {} }]) => [
      ...(since ? [[name, since] as const] : []),
      ...Object.entries(newer).map(([filter, from]) => [`${name}.${filter}`, from] as const),
    ]),
  )
  return Object.fromEntries(names)
}

test('there are the 108 operations of the specification, each once, and few others', () => {
  const specified = ROWS.filter(({ id }) => !id.startsWith('+'))
  assert.equal(specified.length, 108)
  assert.deepEqual(
    specified.map(({ id }) => id).toSorted(),
    Object.values(FACTS.operations)
      .map(({ id }) => id)
      .toSorted(),
  )
  assert.equal(new Set(ROWS.map(route)).size, ROWS.length)
  assert.deepEqual(
    ROWS.filter(({ id }) => id.startsWith('+')).map(({ id }) => id),
    ['+CheckpointList', '+CheckpointCreate', '+CheckpointDelete', '+BuildCancel'],
  )
})

describe('each operation is ours', () => {
  const client = idleClient()
  for (const row of ROWS) {
    test(row.id, () => {
      const ours = operationsOf(row)
      assert.notEqual(ours.length, 0, 'there is no Operation for it')
      for (const { name, since } of ours) assert.equal(since, row.since, `${name}: since`)
      assert.deepEqual(newerNames(ours), row.newer, 'the versions of names in the query')
      assert.deepEqual([...new Set(ours.map(({ name }) => name))].toSorted(), row.methods.toSorted())
      for (const method of row.methods) assert.equal(typeof reach(client, method), 'function', method)
    })
  }
})

test('the fields that an older daemon leaves out are those of the table, since the same versions', () => {
  assert.ok(NEWER_FIELDS.size > 8, `only ${NEWER_FIELDS.size} operations`)
  const ours = operations.flatMap(({ name, newer }) => {
    const fields = Object.entries(newer ?? {}).map(([path, since]) => `${since} ${path}`)
    return fields.length === 0 ? [] : ([[name, fields.toSorted()]] as const)
  })
  const wanted = [...NEWER_FIELDS].map(([name, fields]) => [name, fields.toSorted()])
  assert.deepEqual(Object.fromEntries(ours), Object.fromEntries(wanted))
})

test('nothing of ours is left over', () => {
  const known = new Set(ROWS.map(route))
  assert.deepEqual(
    operations.filter((operation) => !known.has(route(operation))).map(({ name }) => name),
    [],
  )
})

test('a row is called by a test on a real daemon that there is, or says why not', () => {
  const files = readdirSync(fileURLToPath(new URL('../daemon/engine', import.meta.url)))
  for (const { id, file, reason } of ROWS) {
    if (file === undefined) assert.ok((reason ?? '').length > 10, `${id}: why not?`)
    else assert.ok(files.includes(`${file}.test.ts`), `${id}: there is no test/daemon/engine/${file}.test.ts`)
  }
})

test('the tests call every method of the table, and nothing else', () => {
  const methods = new Set(ROWS.flatMap((row) => row.methods))
  const called = new Set(Object.keys(CALLS).map((call) => call.replace(/ .*/, '')))
  assert.deepEqual([...called].toSorted(), [...methods].toSorted())
})
