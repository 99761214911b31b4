import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DELIBERATE } from './deliberate-differences.ts'
import { bodyFields } from '../../scripts/api-facts/body-fields.ts'
import { ApiFacts, type Facts } from '../../scripts/api-facts/facts.ts'
import { missingRows, queryDifferencesOf, shapesOf } from '../../scripts/api-facts/missing-rows.ts'
import { NEWEST_API_VERSION } from '../../lib/base/api-version.ts'
import { checkFields } from '../../lib/engine/body-fields/check.ts'
import { BODIES, TYPES } from '../../lib/engine/body-fields/table.ts'
import type { Operation } from '../../lib/engine/operation.ts'
import { FACTS, shapeOf } from './support/rows.ts'
import { ClientTypes } from './support/client-types.ts'
import { loadOperations } from './support/operations.ts'
import { sampleOf } from './support/samples.ts'

const operations = await loadOperations()
const types = new ClientTypes()
/** Those that aren't listed with a reason, and those that are listed and are none. */
function assertDeliberate(differences: readonly string[], isOfThis: (line: string) => boolean): void {
  const listed = DELIBERATE.flatMap(({ differences: lines }) => lines).filter(isOfThis)
  const unlisted = differences.filter((line) => !listed.includes(line))
  const obsolete = listed.filter((line) => !differences.includes(line))
  assert.deepEqual({ unlisted, obsolete }, { unlisted: [], obsolete: [] })
}

test('queries, and the kinds of bodies, are those of the specification', () => {
  assertDeliberate(queryDifferencesOf(FACTS, operations), (line) => /^\w+(\?|: )/.test(line))
})

test('the types of bodies and answers are those of the specification', () => {
  const shapes = shapesOf(FACTS, operations, types)
  assert.ok(shapes.compared.size > 240, `only ${shapes.compared.size} types were compared`)
  assertDeliberate([...shapes.differences], (line) => /^[\w.[\]]+\.[\w[\]]+: /.test(line))
})

test('the specification is that of the newest version, and no table lacks a row for it', () => {
  assert.equal(FACTS.version, NEWEST_API_VERSION)
  assert.deepEqual(missingRows(FACTS, operations, types), [])
})

test('for a newer specification, each table says what it lacks', () => {
  const filters = { name: 'filters', in: 'query', type: 'string', description: 'Filters:\n\n- `id=<id>`\n- `frob`=yes' }
  const parameters = [filters, { name: 'frob', in: 'query', type: 'boolean' }]
  const invented = new ApiFacts({
    info: { version: '1.99' },
    definitions: {},
    paths: {
      '/frobs/{id}/spin': { post: { operationId: 'FrobSpin', responses: {} } },
      '/frobs': { get: { operationId: 'FrobList', parameters, responses: {} } },
    },
  })
  const { operations: routes, types: objects } = FACTS
  const { 'GET /frobs': frobs, ...others } = invented.operations
  const list = routes['GET /containers/json']
  assert.ok(list)
  const newer: Facts = {
    version: invented.version,
    operations: {
      ...routes,
      ...others,
      'GET /containers/json': { ...list, ...frobs, id: list.id, query: { ...list.query, ...frobs?.query } },
    },
    types: {
      ...objects,
      HostConfig: { ...objects['HostConfig'], Frob: 'string' },
      Mount: { ...objects['Mount'], Frob: 'boolean' },
      ContainerSummary: { ...objects['ContainerSummary'], Frob: 'string' },
    },
  }
  assert.deepEqual(
    missingRows(newer, operations, types).map((row) => row.join(': ')),
    [
      'lib/engine/RESOURCE/operations.ts: POST /frobs/{id}/spin',
      'lib/engine/RESOURCE/operations.ts: ContainerList?frob: missing',
      'lib/engine/RESOURCE/operations.ts: ContainerList?filters.frob: missing',
      'lib/engine/RESOURCE/types: ContainerSummary.Frob: missing',
      'lib/engine/RESOURCE/types: Mount.Frob: missing',
      'lib/engine/RESOURCE/types: HostConfig.Frob: missing',
      'lib/engine/RESOURCE/types: Mount.Frob: missing in a body',
      'lib/engine/RESOURCE/types: HostConfig.Frob: missing in a body',
      'lib/engine/body-fields/table.ts: HostConfig.Frob:s',
      'lib/engine/body-fields/table.ts: Mount.Frob:b',
      'lib/policy/judging: HostConfig.Frob',
      'lib/policy/judging: Mount.Frob:b, if a judge has to read it',
      'lib/policy/levels/operations.ts: POST /frobs/{id}/spin',
      'lib/policy/owner/operations.ts: POST /frobs/{id}/spin',
      'lib/policy/details/details.ts: POST /frobs/{id}/spin',
    ],
  )
})

test('for an operation of ours, each table of policies says that it has none', () => {
  const spin: Operation = { name: 'frobs.spin', method: 'POST', path: '/frobs/{id}/spin', lane: 'short', query: {} }
  assert.deepEqual(missingRows(FACTS, [...operations, spin], types), [
    ['lib/policy/levels/operations.ts', 'frobs.spin'],
    ['lib/policy/owner/operations.ts', 'frobs.spin'],
    ['lib/policy/details/details.ts', 'frobs.spin'],
  ])
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
