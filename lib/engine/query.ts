import { ArgumentError } from '../errors.ts'

/** A query by name. Objects (filters, build arguments) go as JSON, arrays as repeated names, undefined not at all. */
export type Query = Readonly<Record<string, QueryValue | readonly QueryValue[] | object | undefined>>
export type QueryValue = string | number | boolean

function refuse(what: string, got: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: what,
    got,
    todo: 'Pass a string, number, boolean, an array of those, or a plain object.',
  })
}

/** Of a Map or an instance of a class JSON would make `{}`. */
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

/** URLSearchParams would put U+FFFD in its place: the name of something else. */
function wellFormed(what: string, text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw refuse(what, 'it has half of a surrogate pair')
  return text
}

/** One value as JSON. @throws ArgumentError for what can't be written so */
export function encodeJson(what: string, value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (cause) {
    throw refuse(what, `it can't be written as JSON (${(cause as Error).message.split('\n')[0]})`)
  }
}

function describe(value: unknown): string {
  if (typeof value === 'number') return String(value)
  return typeof value === 'object' && value !== null ? `a ${value.constructor.name}` : typeof value
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
