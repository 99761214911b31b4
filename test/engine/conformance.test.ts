import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DELIBERATE } from './deliberate-differences.ts'
import { bodyFields } from '../../scripts/api-facts/body-fields.ts'
import { checkFields } from '../../lib/engine/body-fields/check.ts'
import { BODIES, TYPES } from '../../lib/engine/body-fields/table.ts'
import type { Operation } from '../../lib/engine/operation.ts'
import { FACTS, shapeOf } from './support/rows.ts'
import { ClientTypes } from './support/client-types.ts'
import { loadOperations } from './support/operations.ts'
import { queryDifferences } from './support/query-shapes.ts'
import { sampleOf } from './support/samples.ts'
import { Shapes } from './support/shapes.ts'

const operations = await loadOperations()
const types = new ClientTypes()
const specified = Object.entries(FACTS.operations).map(([route, facts]) => {
  const ours = operations.filter(({ method, path }) => `${method} ${shapeOf(path)}` === shapeOf(route))
  return { facts, ours }
})

/** Those that aren't listed with a reason, and those that are listed and are none. */
function assertDeliberate(differences: readonly string[], isOfThis: (line: string) => boolean): void {
  const listed = DELIBERATE.flatMap(({ differences: lines }) => lines).filter(isOfThis)
  const unlisted = differences.filter((line) => !listed.includes(line))
  const obsolete = listed.filter((line) => !differences.includes(line))
  assert.deepEqual({ unlisted, obsolete }, { unlisted: [], obsolete: [] })
}

test('method, path, query and body of each operation are those of the specification', () => {
  assert.equal(specified.length, 108)
  assert.deepEqual(
    specified.filter(({ ours }) => ours.length === 0).map(({ facts }) => facts.id),
    [],
  )
  const differences = specified.flatMap(({ ours, facts }) => queryDifferences(ours, facts))
  assertDeliberate([...new Set(differences)], (line) => /^\w+(\?|: )/.test(line))
})

test('the types of bodies and answers are those of the specification', () => {
  const shapes = new Shapes(types.checker, FACTS)
  for (const { facts, ours } of specified) {
    for (const { name, body } of ours) {
      const answer = types.answerOf(name)
      if (facts.answer && answer) shapes.compare(answer, facts.answer, `${facts.id}.answer`, 'answer')
      const given = body === 'json' && types.bodyOf(name)
      if (facts.body && given) shapes.compare(given, facts.body, `${facts.id}.body`, 'body')
    }
  }
  assert.ok(shapes.compared.size > 240, `only ${shapes.compared.size} types were compared`)
  assertDeliberate([...shapes.differences], (line) => /^[\w.[\]]+\.[\w[\]]+: /.test(line))
})

test('the table of fields of bodies has those of the specification, and is written by its script', () => {
  assert.deepEqual({ bodies: BODIES, types: TYPES }, bodyFields(FACTS, operations, shapeOf))
})

test('a body may have every field that its type has, and an object in it no other', () => {
  let objects = 0
  for (const { name } of operations.filter((one) => one.body === 'json' && one.name in BODIES)) {
    const operation = { name } as Operation
    const sample = sampleOf(types.checker, types.bodyOf(name) as never)
    checkFields(operation, sample.value)
    for (const { path, fields } of sample.objects) {
      objects += 1
      fields['Nonsense'] = 1
      const wanted = { code: 'ERR_API_FIELD_UNKNOWN', message: new RegExp(`no field ${path}${path && '.'}Nonsense,`) }
      assert.throws(() => checkFields(operation, sample.value), wanted, path)
      delete fields['Nonsense']
    }
  }
  assert.ok(objects > 150, `only ${objects} objects were tried`)
})

test('each deliberate difference is listed once, and has a reason', () => {
  const lines = DELIBERATE.flatMap(({ differences }) => differences)
  assert.equal(new Set(lines).size, lines.length)
  for (const { reason } of DELIBERATE) assert.ok(reason.length > 20, reason)
})
