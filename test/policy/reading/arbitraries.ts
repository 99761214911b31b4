import { NEWEST_API_VERSION } from '../../../lib/base/api-version.ts'
import { BODIES } from '../../../lib/engine/body-fields/table.ts'
import type { Operation } from '../../../lib/engine/operation.ts'
import { OPERATIONS } from '../../../lib/policy/operations.ts'
import { foldedFieldsOf } from '../../../lib/policy/reading/fields.ts'
import { parametersOf, type Parameter } from '../../../lib/policy/reading/query-parameters.ts'
import type { Json } from '../../../lib/policy/request.ts'
import { fc, type Arbitrary } from '../../support/properties.ts'

/** A request with all kinds of values, as a client could send it. */
export interface Sent {
  readonly operation: Operation
  readonly version: string | undefined
  readonly parameters: readonly string[]
  readonly query: readonly (readonly [name: string, value: string])[]
  readonly body: Json | undefined
}

const TEXT: Arbitrary<string> = fc
  .string({ unit: 'grapheme', maxLength: 8 })
  .filter((text) => !/\p{Surrogate}/u.test(text))
/** A key of a map, which is as it was sent, also where a name of the API would be folded. */
const KEY = fc.oneof(TEXT, fc.constantFrom('Name', 'NAME', 'k', 'K', '\u212a', 's', 'S', '\u017f'))
const SEGMENT = TEXT.filter((text) => !/^\.{0,2}$|[%\\/]|\p{Control}/u.test(text))
const INTEGER: Arbitrary<Json> = fc.oneof(
  fc.maxSafeInteger().map((value) => (value === 0 ? 0 : value)),
  fc.bigInt(2n ** 53n, 2n ** 64n - 1n),
  fc.bigInt(-(2n ** 63n), -(2n ** 53n)),
)
const FLOAT: Arbitrary<Json> = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .map((value) => (value === 0 ? 0 : value))

/** A value of a form of the engine's table. */
function valueOf(form: string, depth: number): Arbitrary<Json> {
  if (form === 'c') return valueOf('[s', depth)
  if (form.startsWith('s')) return TEXT
  if (form === 'i') return INTEGER
  if (form === 'n') return FLOAT
  if (form === 'b') return fc.boolean()
  if (form === '') return fc.oneof(TEXT, INTEGER, fc.boolean(), fc.constant(null), fc.constant([]))
  if (form.startsWith('[')) return fc.array(valueOf(form.slice(1), depth), { maxLength: 3 }).map(withoutNull)
  if (form.startsWith('*'))
    return fc.dictionary(KEY, valueOf(form.slice(1), depth), { maxKeys: 3, noNullPrototype: false })
  return structOf(form, depth)
}

const withoutNull = (values: readonly Json[]): readonly Json[] => values.filter((value) => value !== null)

function structOf(type: string, depth: number): Arbitrary<Json> {
  if (depth === 0) return fc.constant({})
  const fields = [...foldedFieldsOf(type).values()]
  return some(fields, 5).chain((chosen) =>
    fc.record(
      Object.fromEntries(
        chosen.map(({ name, form }) => [name, valueOf(form, depth - 1).filter((value) => value !== null)]),
      ),
    ),
  )
}

const some = <Item>(items: readonly Item[], most: number): Arbitrary<Item[]> =>
  fc.subarray([...items], { maxLength: Math.min(most, items.length) })

function queryOf(operation: Operation): Arbitrary<Sent['query']> {
  return some([...parametersOf(operation)], 4)
    .chain((chosen) => fc.tuple(...chosen.map(([name, parameter]) => pairsOf(name, parameter))))
    .map((pairs) => pairs.flat())
}

function pairsOf(name: string, { list, boolean, json }: Parameter): Arbitrary<readonly (readonly [string, string])[]> {
  const plain = boolean ? fc.constantFrom('', '1', 'true', 'False', 'none') : TEXT
  const value = json === undefined ? plain : valueOf(json, 2).map((one) => JSON.stringify(one, digits))
  return fc.array(value, { minLength: 1, maxLength: list ? 3 : 1 }).map((values) => values.map((one) => [name, one]))
}

/** JSON.stringify() refuses a bigint. */
const digits = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? 0 : value)

export const SENT: Arbitrary<Sent> = fc.constantFrom(...OPERATIONS).chain((operation) =>
  fc.record({
    operation: fc.constant(operation),
    version: fc.constantFrom(undefined, '1.24', '1.45', NEWEST_API_VERSION),
    parameters: fc.array(SEGMENT, { minLength: 2, maxLength: 2 }),
    query: queryOf(operation),
    body: bodyOf(operation),
  }),
)

/** A body of each operation that has one. */
export const SENT_BODY: Arbitrary<{ readonly name: string; readonly body: Json }> = fc
  .constantFrom(...Object.entries(BODIES))
  .chain(([name, form]) => fc.record({ name: fc.constant(name), body: valueOf(form, 5) }))

function bodyOf({ name, body, bodyOptional }: Operation): Arbitrary<Json | undefined> {
  const form = body === 'json' ? BODIES[name] : undefined
  if (form === undefined) return fc.constant(undefined)
  return bodyOptional ? fc.option(valueOf(form, 4), { nil: undefined }) : valueOf(form, 4)
}
