import { ArgumentError } from '../base/errors.ts'
import { refuseUnknown, typeName } from '../base/options.ts'

/** Every key that a request can have. */
const REQUEST_KEYS: readonly string[] = ['method', 'path', 'query', 'headers', 'body', 'signal']

/** A method is a token, and its case counts (RFC 9110 section 9.1); all those of the Engine API are upper-case. */
const METHOD = /^[A-Z][A-Z0-9!#$%&'*+.^_`|~-]*$/

/** Refuses a request that can't be meant: a misspelt key would be left out in silence. */
export function checkDescription(request: unknown): void {
  const keys = keysOf(request, 'a request', "{ method: 'GET', path: '/info' }")
  refuseUnknown(keys, REQUEST_KEYS, 'a request')
  checkMethod((request as { method?: unknown }).method)
}

function checkMethod(method: unknown): void {
  if (typeof method === 'string' && METHOD.test(method)) return
  const upper = typeof method === 'string' ? method.toUpperCase() : ''
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the method ${shown(method)} of a request`,
    got: 'it is not an HTTP method in upper case',
    todo: METHOD.test(upper) ? `Use ${upper}.` : 'Use a method such as GET or POST.',
  })
}

/** The keys of what has to be an object. */
export function keysOf(given: unknown, what: string, form: string): string[] {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return Object.keys(given)
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `reading ${what}`,
    got: `it is ${typeName(given)}, not an object`,
    todo: `Pass ${form}.`,
  })
}

/** More of a value says nothing. */
const LONGEST_SHOWN = 100

/** A value that a caller gave, for a message: a text cut short, of all else only what it is. */
export function shown(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}...` : value)
  }
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}
