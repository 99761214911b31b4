import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OPERATIONS } from '../../../lib/policy/operations.ts'
import { loadOperations } from '../../engine/support/operations.ts'
import { ROWS, shapeOf } from '../../engine/support/rows.ts'

const routeOf = ({ method, path }: { readonly method: string; readonly path: string }): string =>
  `${method} ${shapeOf(path)}`

test('the list has each operation of the API once', () => {
  assert.deepEqual(OPERATIONS.map(routeOf).toSorted(), ROWS.map(routeOf).toSorted())
  assert.equal(OPERATIONS.length, 112)
})

test('the list has an operation for each one of the engine', async () => {
  const routes = new Set(OPERATIONS.map(routeOf))
  assert.deepEqual(
    (await loadOperations()).filter((operation) => !routes.has(routeOf(operation))),
    [],
  )
})
