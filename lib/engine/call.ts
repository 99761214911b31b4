import { Readable } from 'node:stream'
import { ArgumentError } from '../base/errors.ts'
import { encodeBody, isAsyncIterable, type RequestBody } from '../transport/body.ts'
import type { WireRequest } from '../transport/send.ts'
import { keysOf } from './description.ts'
import { refuseUnknown } from '../base/options.ts'
import { encodeFilters } from './filters.ts'
import { refuseNewer, serves, tooNew } from './newer.ts'
import type { Operation, QueryTake } from './operation.ts'
import { expandPath } from './path.ts'
import { checkBoolean, checkInteger, encodeJson, encodeQuery, type Query, type QueryValue } from './query.ts'
import { encodeMoment } from './time.ts'

/** What one call brings to its operation. */
export interface Call {
  /** For the places of its path, in order. */
  readonly ids?: readonly string[]
  /** Arguments that travel in the query, by the names of their parameters: each has to be there, and none be empty. */
  readonly names?: Readonly<Record<string, string>>
  /** Query parameters by the names of their options, and `signal`: as the caller gave them. */
  readonly options?: object | undefined
  readonly body?: RequestBody | undefined
  /** A list is sent as one field for each of its values. */
  readonly headers?: Readonly<Record<string, string | string[]>>
}

/** The words of one call, checked: all but the version before its path. */
export function wireCall(operation: Operation, call: Call, version: string): WireRequest {
  if (!serves(version, operation.since)) throw tooNew('this operation', operation.name, operation.since ?? '', version)
  const names = checkNames(operation, call.names)
  const { options: given = {}, ids, body, headers } = call
  const { signal, ...options } = checkOptions(operation, given, names) as Options
  const encoded = encodeBody(checkBody(operation, body, version))
  return {
    method: operation.method,
    lane: operation.lane,
    path:
      expandPath(operation.path, ids, `${operation.name}()`) +
      encodeQuery(queryOf(operation, { ...options, ...names }, version)),
    ...encoded,
    headers: { ...encoded.headers, ...headers },
    signal,
  }
}

type Options = Readonly<Record<string, unknown>> & { readonly signal?: AbortSignal | undefined }

function checkNames(
  { name }: Operation,
  names: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const wrong = Object.keys(names).find((key) => typeof names[key] !== 'string' || names[key] === '')
  if (wrong === undefined) return names
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the ${wrong} of ${name}()`,
    got: names[wrong] === '' ? 'it is empty' : 'it is no text',
    todo: 'Pass a name as Docker prints it.',
  })
}

/**
 * Refuses options that the operation doesn't have: `signal`, its query parameters and its own are all that there are.
 *
 * @param names - arguments that travel in the query, which are no options
 */
export function checkOptions<Given extends object>(operation: Operation, given: Given, names: object = {}): Given {
  const { name, query = {} } = operation
  const known = optionsOf(operation).filter((key) => !(key in names))
  refuseUnknown(keysOf(given, `the options of ${name}()`, `{ ${known.join(', ')} }, or nothing`), known, `${name}()`)
  const { signal } = given as { signal?: unknown }
  if (signal === undefined || signal instanceof AbortSignal) return given
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the option signal of ${name}()`,
    got: 'it is no AbortSignal',
    todo: `Give the signal of an AbortController, or AbortSignal.timeout(MILLISECONDS).${
      'killSignal' in query ? ' What the container is sent is the option killSignal.' : ''
    }`,
  })
}

/** By name: arguments that travel in the query, too. */
function optionsOf({ query = {}, own = [] }: Operation): string[] {
  return [...Object.keys(query), ...own, 'signal']
}

/**
 * Options with what they are unless told otherwise, and with what they always are. What is no object stays what it is:
 * the check of the call refuses it, where spread syntax would make something of it.
 */
export function withDefaults<Given extends object>(given: Given, defaults: object, always: object = {}): Given {
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given)
  return isObject ? { ...defaults, ...given, ...always } : given
}

function queryOf({ name, query = {} }: Operation, options: Readonly<Record<string, unknown>>, version: string): Query {
  const pairs = Object.entries(options)
    .filter(([option, value]) => value !== undefined && Object.hasOwn(query, option))
    .map(([option, value]) => {
      const take = query[option] ?? {}
      if (!serves(version, take.since)) throw tooNew(`the option ${option}`, name, take.since ?? '', version)
      return [take.as ?? option, encode(take, value, `the option ${option} of ${name}()`)] as const
    })
  return Object.fromEntries(pairs)
}

function encode({ encode: how }: QueryTake, value: unknown, what: string): QueryValue | object {
  if (how === 'filters') return encodeFilters(value)
  if (how === 'moment') return encodeMoment(what, value)
  if (how === 'json') return encodeJson(what, value)
  if (how === 'boolean') return checkBoolean(what, value)
  if (how === 'integer') return checkInteger(what, value)
  return value as QueryValue
}

function checkBody(operation: Operation, body: RequestBody | undefined, version: string): RequestBody | undefined {
  if (operation.body === undefined || body === undefined) return body
  const bytes = body instanceof Uint8Array || body instanceof Readable || isAsyncIterable(body)
  const fits = operation.body === 'bytes' ? bytes : typeof body === 'object' && body !== null && !bytes
  if (!fits) throw wrongBody(operation)
  if (!bytes) refuseMisplaced(operation, body as object)
  if (operation.newer) refuseNewer(body, operation.newer, { of: operation.name, version })
  return body
}

/** Options begin in lower case, and no field of a body does: the daemon would leave one that is there out in silence. */
function refuseMisplaced(operation: Operation, body: object): void {
  if (operation.lowerCase === true) return
  const key = Object.keys(body).find((name) => /^[a-z]/.test(name) && (body as Options)[name] !== undefined)
  if (key === undefined) return
  const isOption = optionsOf(operation).includes(key)
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the body of ${operation.name}()`,
    got: `it has ${key}, which is ${isOption ? 'an option' : 'no field of the API'}: the daemon would leave it out in silence`,
    todo: isOption
      ? `Give it with the options, in the last argument: { ${key} }.`
      : `The API's fields begin in upper case, such as ${key.charAt(0).toUpperCase()}${key.slice(1)}.`,
  })
}

function wrongBody({ name, body }: Operation): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the body of ${name}()`,
    got: body === 'bytes' ? 'it is neither bytes nor a stream of bytes' : 'it is no plain object',
    todo:
      body === 'bytes'
        ? 'Give a Uint8Array, a Readable or an AsyncIterable.'
        : 'Give the fields of the API as one object.',
  })
}
