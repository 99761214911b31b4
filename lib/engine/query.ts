import { ArgumentError } from '../base/errors.ts'
import { typeName } from '../base/options.ts'
import { enumerate } from '../base/text.ts'
import { shown } from './description.ts'
import type { QueryTake } from './operation.ts'

/** Query parameters by name. Objects are sent as JSON, arrays as repeated names. undefined is omitted. */
export type Query = Readonly<Record<string, QueryValue | readonly QueryValue[] | object | undefined>>
/** A value of a query parameter. */
export type QueryValue = string | number | boolean

const ANY_OF_THEM = 'Pass a string, number, boolean, an array of those, or a plain object.'

function refuse(what: string, got: string, todo: string = ANY_OF_THEM): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', { tried: what, got, todo })
}

/** JSON would turn a Map or an instance of a class into `{}`. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function encodeValue(name: string, value: unknown): string {
  const what = `the query parameter ${name}`
  if (typeof value === 'string') return wellFormed(what, value)
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return String(value)
  if (!isPlain(value)) throw refuse(what, `it is ${describe(value)}`)
  return encodeJson(what, value)
}

/** URLSearchParams would replace a lone surrogate with U+FFFD, and so name another object. */
function wellFormed(what: string, text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw refuse(what, 'it has a lone surrogate', 'Pass well-formed Unicode text.')
  return text
}

/** An object or an array as JSON. @throws ArgumentError if JSON can't hold it */
export function encodeJson(what: string, value: unknown): string {
  if (!Array.isArray(value) && !isPlain(value))
    throw refuse(what, `it is ${describe(value)}`, 'Pass a plain object or an array.')
  try {
    return JSON.stringify(value)
  } catch (cause) {
    throw refuse(what, `it can't be written as JSON (${(cause as Error).message.split('\n')[0]})`)
  }
}

/** A boolean. The daemon takes almost every text for `true`, even `off` (moby, server/httputils: BoolValue). */
export function checkBoolean(what: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw refuse(what, `it is ${describe(value)}`, 'Pass true or false.')
}

/** One of these texts, or several of them. The daemon ignores some others, or takes them for the default. */
export function checkOneOf<Value>(what: string, value: Value, values: readonly string[]): Value {
  const wrong = [value].flat().find((one) => !values.includes(one as string))
  if (wrong === undefined && value !== undefined) return value
  throw refuse(what, `it is ${describe(wrong)}`, `Pass ${choice(values)}.`)
}

/** `'a', 'b' or 'c'`. */
export function choice(values: readonly string[]): string {
  return enumerate(
    values.map((one) => `'${one}'`),
    'or',
  )
}

const UNITS: Readonly<Record<string, string>> = {
  seconds: 'Pass a whole number of seconds, such as 10. The option timeout limits the call itself, in milliseconds.',
  bytes: 'Pass a whole number of bytes, such as 512 * 1024 ** 2.',
}

/** A whole number, or one of the texts that mean one, such as `all`. */
export function checkInteger(what: string, value: unknown, take: QueryTake): QueryValue {
  const { unit = '', least = -Infinity, values = [] } = take
  if (typeof value === 'number' && Number.isInteger(value) && value >= least) return value
  if (typeof value === 'string' && values.includes(value)) return value
  const range = least === 0 ? 'an integer that is not negative' : 'an integer'
  const others = values.length === 0 ? '' : `, or ${choice(values)}`
  throw refuse(what, `it is ${describe(value)}`, UNITS[unit] ?? `Pass ${range}${others}.`)
}

function describe(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'string') return shown(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isPlain(value)) return typeName(value)
  return `an instance of ${(value as { constructor?: { name: string } }).constructor?.name ?? 'a class'}`
}

/** `?all=true&filters=%7B...%7D`, or the empty string. */
export function encodeQuery(query: Query = {}): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue
    for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, encodeValue(name, one))
  }
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}
