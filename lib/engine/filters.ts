import { ArgumentError } from '../base/errors.ts'
import { isPlain } from './query.ts'

/** One filter: a word, or several of which one must fit. */
export type FilterValue = string | number | boolean | ReadonlyArray<string | number | boolean>

/**
 * Filters by key, as a plain object: `{ status: ['running', 'paused'], label: 'stage=test' }`.
 */
export type Filters = Readonly<Record<string, FilterValue | undefined>>

function refuse(key: string, got: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the filter ${key}`,
    got,
    todo: "Write filters as a plain object: { status: ['running'], label: 'stage=test' }.",
  })
}

function word(key: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'boolean') return String(value)
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  throw refuse(key, `a value of it is neither a word, a number nor a boolean`)
}

/**
 * Filters as the API takes them, lists of strings by key. A Map or a string would be sent as no filter at all, and a
 * prune without its filter removes everything.
 */
export function encodeFilters(filters: unknown): string {
  if (!isPlain(filters)) throw refuse('option filters', 'it is no plain object')
  const lists = Object.entries(filters)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, (Array.isArray(value) ? value : [value]).map((one) => word(key, one))])
  return JSON.stringify(Object.fromEntries(lists))
}
