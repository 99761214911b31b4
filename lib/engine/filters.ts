import { ArgumentError } from '../base/errors.ts'
import { similarName } from '../base/options.ts'
import { enumerate } from '../base/text.ts'
import { shown } from './description.ts'
import { checkOneOf, isPlain } from './query.ts'
import { encodeUntil, type Moment } from './time.ts'

/** The value of a filter, or several values, one of which must match. */
export type FilterValue = string | number | boolean | ReadonlyArray<string | number | boolean>

/** A value of a filter that has only these values, or several of them. */
export type FilterOf<Value> = Value | readonly Value[]

/** Filters by key, as a plain object: `{ status: ['running', 'paused'], label: 'stage=test' }`. */
export type Filters = Readonly<Record<string, FilterValue | Moment | undefined>>

function refuse(what: string, got: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: what,
    got,
    todo: "Pass filters as a plain object, such as { status: ['running'], label: 'stage=test' }.",
  })
}

/** Filters of which the daemon knows only two values. */
const BOOLEANS: ReadonlySet<string> = new Set(['all', 'dangling', 'enabled', 'is-automated', 'is-official', 'is-task'])

const TWO_VALUES: ReadonlySet<unknown> = new Set([true, false, 'true', 'false', 1, 0, '1', '0', undefined])

function checkBooleans(filters: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(filters)) {
    const wrong = BOOLEANS.has(key) && [value].flat().find((one) => !TWO_VALUES.has(one))
    if (wrong === false || wrong === undefined) continue
    throw new ArgumentError('ERR_ARGUMENT_INVALID', {
      tried: `the filter ${key}`,
      got: `it is ${shown(wrong)}`,
      todo: 'Pass true or false.',
    })
  }
}

function word(key: string, value: unknown): string {
  if (key === 'until') return encodeUntil('the filter until', value)
  if (typeof value === 'string' || typeof value === 'boolean') return String(value)
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  throw refuse(`the filter ${key}`, 'one of its values is not a string, number or boolean')
}

/** Refuses a name that the daemon doesn't know, with a suggestion. */
function refuseUnknown(what: string, names: readonly string[], known: readonly string[]): void {
  const unknown = names.find((name) => !known.includes(name))
  if (unknown === undefined) return
  const near = similarName(unknown, known)
  throw new ArgumentError('ERR_API_FIELD_UNKNOWN', {
    tried: what,
    got: `the API has no filter ${shown(unknown)} there`,
    todo: `${near === undefined ? '' : `Did you mean ${near}? `}The filters are ${enumerate(known)}.`,
  })
}

/**
 * Encodes filters for the API, as lists of strings by key. A Map or a string would be sent as no filter at all, and a
 * prune without its filter removes everything.
 */
export function encodeFilters(
  what: string,
  filters: unknown,
  known?: readonly string[],
  values: Readonly<Record<string, readonly string[]>> = {},
): string {
  if (!isPlain(filters)) throw refuse(what, 'it is not a plain object')
  if (known) refuseUnknown(what, Object.keys(filters), known)
  if (known) checkBooleans(filters)
  for (const [key, allowed] of Object.entries(values))
    if (filters[key] !== undefined) checkOneOf(`the filter ${key}`, filters[key], allowed)
  const lists = Object.entries(filters)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, (Array.isArray(value) ? value : [value]).map((one) => word(key, one))])
  return JSON.stringify(Object.fromEntries(lists))
}
