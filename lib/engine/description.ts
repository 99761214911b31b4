import { ArgumentError } from '../base/errors.ts'
import { checkOptions, typeName } from '../base/options.ts'
import { checkRequestOptions, REQUEST_OPTIONS } from './request-options.ts'

/** All keys of a request. */
const REQUEST_KEYS: readonly string[] = ['method', 'path', 'query', 'headers', 'body', ...REQUEST_OPTIONS]

/** A method is a case-sensitive token (RFC 9110 section 9.1). All methods of the Engine API are in upper case. */
const METHOD = /^[A-Z][A-Z0-9!#$%&'*+.^_`|~-]*$/

/** Refuses a request with an unknown key or an invalid method. A misspelt key would be silently ignored. */
export function checkDescription(request: unknown): void {
  checkOptions(request, REQUEST_KEYS, 'request()')
  checkRequestOptions(request as object, 'request()')
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

/** Long enough to recognize a value. */
const LONGEST_SHOWN = 100

/** A caller's value for a message: the beginning of a string, or only the kind of another value. */
export function shown(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}...` : value)
  }
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  return typeName(value)
}
