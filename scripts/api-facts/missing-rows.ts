import { BODIES, TYPES } from '../../lib/engine/body-fields/table.ts'
import type { Operation } from '../../lib/engine/operation.ts'
import { DETAILS } from '../../lib/policy/details/details.ts'
import { judgeRequest } from '../../lib/policy/judging/judge.ts'
import { levelOf } from '../../lib/policy/levels/operations.ts'
import { OWNED_OPERATIONS } from '../../lib/policy/owner/operations.ts'
import type { Json } from '../../lib/policy/request.ts'
import { DELIBERATE } from '../../test/engine/deliberate-differences.ts'
import type { ClientTypes } from '../../test/engine/support/client-types.ts'
import { queryDifferences } from '../../test/engine/support/query-shapes.ts'
import { shapeOf } from '../../test/engine/support/rows.ts'
import { Shapes } from '../../test/engine/support/shapes.ts'
import { bodyFields, type BodyFields } from './body-fields.ts'
import type { Facts, OperationFacts } from './facts.ts'

/** A table of ours, and what it lacks. */
export type MissingRow = readonly [table: string, row: string]

/** An operation of the specification, and those of ours with its method and path. */
interface Specified {
  readonly route: string
  readonly facts: OperationFacts
  readonly ours: readonly Operation[]
}

const specifiedIn = (facts: Facts, operations: readonly Operation[]): Specified[] =>
  Object.entries(facts.operations).map(([route, one]) => ({
    route,
    facts: one,
    ours: operations.filter(({ method, path }) => `${method} ${shapeOf(path)}` === shapeOf(route)),
  }))

const OPERATIONS = 'lib/engine/RESOURCE/operations.ts'
const CLIENT_TYPES = 'lib/engine/RESOURCE/types'
const FIELDS = 'lib/engine/body-fields/table.ts'
const JUDGING = 'lib/policy/judging'
const LEVELS = 'lib/policy/levels/operations.ts'
const OWNERS = 'lib/policy/owner/operations.ts'
const LOG = 'lib/policy/details/details.ts'

/** What our tables lack for this specification. */
export function missingRows(facts: Facts, operations: readonly Operation[], types: ClientTypes): MissingRow[] {
  const fields = bodyFields(facts, operations, shapeOf)
  // Policies name its two uses: images.pull and images.import.
  const named = operations.filter(({ name }) => name !== 'images.create')
  const names = [...new Set(named.map(({ name }) => name))]
  const deliberate = new Set(DELIBERATE.flatMap(({ differences }) => differences))
  const unlisted = (lines: Iterable<string>): string[] => [...lines].filter((line) => !deliberate.has(line))
  const routes = specifiedIn(facts, operations).flatMap(({ route, ours }) => (ours.length === 0 ? [route] : []))
  const rows: readonly (readonly [table: string, lacking: readonly string[]])[] = [
    [OPERATIONS, [...routes, ...unlisted(queryDifferencesOf(facts, operations))]],
    [CLIENT_TYPES, unlisted(shapesOf(facts, operations, types).differences)],
    [FIELDS, newFields(fields)],
    [JUDGING, [...unjudgedFields(fields), ...newFieldsOutsideOfTables(fields)]],
    [LEVELS, [...routes, ...names.filter((name) => levelOf(name) === undefined)]],
    [OWNERS, [...routes, ...names.filter((name) => !(name in OWNED_OPERATIONS) && !isRefusedToOwners(name))]],
    [LOG, [...routes, ...operationsWithoutDetails(named)]],
  ]
  return rows.flatMap(([table, lacking]) => lacking.map((row): MissingRow => [table, row]))
}

/** How queries and kinds of bodies differ from the specification, a line for each. */
export function queryDifferencesOf(facts: Facts, operations: readonly Operation[]): string[] {
  const specified = specifiedIn(facts, operations).filter(({ ours }) => ours.length > 0)
  return [...new Set(specified.flatMap(({ ours, facts: one }) => queryDifferences(ours, one)))]
}

/** Compares the client's types of all bodies and answers with the specification. */
export function shapesOf(facts: Facts, operations: readonly Operation[], types: ClientTypes): Shapes {
  const shapes = new Shapes(types.checker, facts)
  for (const { facts: one, ours } of specifiedIn(facts, operations)) {
    for (const { name, body } of ours) {
      const answer = types.answerOf(name)
      if (one.answer && answer) shapes.compare(answer, one.answer, `${one.id}.answer`, 'answer')
      const given = body === 'json' && types.bodyOf(name)
      if (one.body && given) shapes.compare(given, one.body, `${one.id}.body`, 'body')
    }
  }
  return shapes
}

const fieldsIn = (types: BodyFields['types'], type: string): string[] => (types[type] ?? '').split(' ').filter(Boolean)

/** Fields, or forms of fields, that the table of all fields lacks: `HostConfig.Umask:i`. */
function newFields({ types, bodies }: BodyFields): string[] {
  return [
    ...Object.keys(types).flatMap((type) =>
      fieldsIn(types, type)
        .filter((field) => !fieldsIn(TYPES, type).includes(field))
        .map((field) => `${type}.${field}`),
    ),
    ...Object.entries(bodies).flatMap(([name, form]) =>
      BODIES[name] === form ? [] : [`the body of ${name}: ${form}`],
    ),
  ]
}

/** Types whose fields are judged by a table, and where a request has them. */
const JUDGED: readonly (readonly [operation: string, type: string, wrap: (value: Json) => Json])[] = [
  ['containers.create', 'ContainerCreate', (value) => value],
  ['containers.create', 'HostConfig', (HostConfig) => ({ HostConfig })],
  ['containers.create', 'EndpointSettings', (net) => ({ NetworkingConfig: { EndpointsConfig: { net } } })],
  ['containers.update', 'ContainerUpdate', (value) => value],
  ['images.commit', 'ContainerConfig', (value) => value],
  ['networks.connect', 'NetworkConnectRequest', (value) => value],
  ['networks.create', 'NetworkCreate', (value) => value],
  ['networks.create', 'IPAM', (value) => ({ IPAM: value })],
  ['networks.create', 'IPAMConfig', (value) => ({ IPAM: { Config: [value] } })],
  ['services.create', 'ServiceCreate', (value) => value],
  ['services.create', 'TaskSpec', (TaskTemplate) => ({ TaskTemplate })],
  ['services.create', 'ContainerSpec', (ContainerSpec) => ({ TaskTemplate: { ContainerSpec } })],
  ['services.create', 'Privileges', (Privileges) => ({ TaskTemplate: { ContainerSpec: { Privileges } } })],
  ['secrets.create', 'SecretSpec', (value) => value],
  ['configs.update', 'ConfigSpec', (value) => value],
]

/** Fields without a judge. At runtime, they are refused as unknown. */
function unjudgedFields({ types }: BodyFields): string[] {
  return JUDGED.flatMap(([name, type, wrap]) => {
    const judged = (field: string): boolean => {
      const body = wrap({ [field]: 'x' })
      const read = { operation: { name, method: 'POST', path: '/' } as const, parameters: {}, query: new Map(), body }
      return ![...judgeRequest(read)].some((one) => one.kind === 'finding' && one.code === 'FIELD_UNKNOWN')
    }
    const fields = fieldsIn(types, type).map((field) => field.replace(/:.*/, ''))
    return fields.filter((field) => !judged(field)).map((field) => `${type}.${field}`)
  })
}

/** Whoever adds these to the table of fields decides whether their judge, which is a function, has to read them. */
function newFieldsOutsideOfTables(fields: BodyFields): string[] {
  const tables = new Set(JUDGED.map(([, type]) => type))
  return newFields(fields)
    .filter((field) => !tables.has(field.replace(/\..*/, '')))
    .map((field) => `${field}, if a judge has to read it`)
}

const WHOLE = new Set('checkpoints configs nodes plugins secrets services session swarm tasks'.split(' '))
const SINGLE = new Set('images.build images.buildPrune images.cancelBuild images.load volumes.update'.split(' '))

/** Operations that no owner may use: see {@link OWNED_OPERATIONS}. */
const isRefusedToOwners = (name: string): boolean => WHOLE.has(name.replace(/\..*/, '')) || SINGLE.has(name)

/** Operations that change something, and of which the log needs no more than what the path names. */
const NO_DETAILS = new Set(
  `containers.attach containers.prune containers.resize containers.update containers.wait exec.resize exec.start
  images.buildPrune images.cancelBuild images.load images.prune networks.prune plugins.enable plugins.set
  swarm.unlock swarm.update system.auth volumes.prune volumes.update`.split(/\s+/),
)

function operationsWithoutDetails(operations: readonly Operation[]): string[] {
  const changing = operations.filter(
    ({ method, query, body }) => method !== 'GET' && method !== 'HEAD' && (query ?? body) !== undefined,
  )
  const names = [...new Set(changing.map(({ name }) => name))]
  return names.filter((name) => !(name in DETAILS) && !NO_DETAILS.has(name))
}
