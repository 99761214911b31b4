import { renderJson } from '../json.ts'
import { isObject } from '../judging/values.ts'
import type { Json, ReadRequest, Reason } from '../request.ts'
import { OWNER_LABEL } from './belonging.ts'
import { first } from './image-names.ts'

/** The filters of a list, by their names. Undefined: dockerd might read them otherwise. */
export function readFilters(read: ReadRequest): ReadonlyMap<string, readonly string[]> | undefined {
  const text = first(read, 'filters')
  const value = text === '' ? null : (JSON.parse(text) as Json)
  if (value === null) return new Map()
  if (!isObject(value)) return undefined
  const filters = Object.entries(value).map(([name, values]) => [name, valuesOf(values)] as const)
  return filters.some(([, values]) => values === undefined)
    ? undefined
    : new Map(filters.map(([name, values = []]) => [name, values]))
}

/** `["a"]`, or `{"a":true}`. dockerd ignores the booleans. */
function valuesOf(values: Json): readonly string[] | undefined {
  if (isObject(values)) return Object.values(values).every((one) => one === true) ? Object.keys(values) : undefined
  const list = Array.isArray(values) ? (values as Json[]) : undefined
  return list?.every((one) => typeof one === 'string') ? list : undefined
}

/** Filters to which the owner's label can't be added. */
export function* faultsOfFilters(read: ReadRequest): Iterable<Reason> {
  const filters = readFilters(read)
  if (filters === undefined) yield { code: 'QUERY_AMBIGUOUS', where: 'filters', got: 'they are not lists of texts' }
}

/** The request with a filter for what is the owner's. dockerd requires all labels of a filter. */
export function withOwnerFilter(read: ReadRequest, owner: string): ReadRequest {
  const filters = new Map(readFilters(read))
  const labels = new Set([...(filters.get('label') ?? []), `${OWNER_LABEL}=${owner}`])
  filters.set('label', [...labels])
  const entries = [...filters].map(([name, values]) => [name, Object.fromEntries(values.map((one) => [one, true]))])
  const query = new Map(read.query).set('filters', [renderJson(Object.fromEntries(entries) as Json)])
  return { ...read, query }
}
