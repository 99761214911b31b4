import { Readable } from 'node:stream'
import { ArgumentError } from '../base/errors.ts'
import { typeName } from '../base/options.ts'
import { encodeBody, type RequestBody } from '../transport/body.ts'
import { isAsyncIterable } from '../transport/given-streams.ts'
import type { WireRequest } from '../transport/send.ts'
import { limitOf, STILL_WAITING } from '../transport/time-limits.ts'
import { encodeFilters } from './filters.ts'
import { refuseNewer, serves, tooNew, type VersionInUse } from './newer.ts'
import type { Operation, QueryTake } from './operation.ts'
import { checkCallOptions } from './option-hints.ts'
import { expandPath } from './path.ts'
import {
  checkBoolean,
  checkInteger,
  checkOneOf,
  encodeJson,
  encodeQuery,
  type Query,
  type QueryValue,
} from './query.ts'
import { checkRequestOptions, REQUEST_OPTIONS, type FieldOptions, type RequestOptions } from './request-options.ts'
import { encodeMoment } from './time.ts'

/** The arguments of one call of an operation. */
export interface Call {
  /** For the placeholders of its path, in order. */
  readonly ids?: readonly string[]
  /** Required arguments that are sent in the query, by parameter name. None may be empty. */
  readonly names?: Readonly<Record<string, string>>
  /** The caller's options: query parameters by option name, and {@link REQUEST_OPTIONS}. */
  readonly options?: object | undefined
  readonly body?: RequestBody | undefined
  /** A list is sent as one header field per value. */
  readonly headers?: Readonly<Record<string, string | string[]>>
  /** Aborts when the reader closes the answer, even before it has begun. */
  readonly closed?: AbortSignal | undefined
}

/** A checked call as an HTTP request, without the version in its path. */
export function wireCall(operation: Operation, call: Call, inUse: VersionInUse): WireRequest {
  if (!serves(inUse.version, operation.since)) throw tooNew(`${operation.name}()`, operation.since ?? '', inUse)
  const names = checkNames(operation, call.names)
  const { options: given = {}, ids, body, headers, closed } = call
  const { signal, timeout, idleTimeout = operation.idle, ...options } = checkOptions(operation, given, names) as Options
  const encoded = encodeBody(checkBody(operation, body, inUse))
  return {
    method: operation.method,
    lane: operation.lane,
    path:
      expandPath(operation.path, ids, `${operation.name}()`) +
      encodeQuery(queryOf(operation, { ...options, ...names }, inUse)),
    ...encoded,
    headers: { ...encoded.headers, ...headers },
    signal,
    limit: limitOf(`${operation.name}()`, timeout, lateRemedy(operation, ids)),
    idleTimeout,
    closed,
  }
}

/** A late answer is no fault of the daemon if the call waits for something else. */
function lateRemedy({ name, lane, idle }: Operation, [id = 'ID']: readonly string[] = []): string | undefined {
  if (lane === 'short' || idle !== undefined) return undefined
  if (name !== 'containers.wait') return STILL_WAITING
  return `The container may still run: increase the option timeout, or stop it:  docker.containers.stop('${id}')`
}

type Options = Readonly<Record<string, unknown>> & RequestOptions

function checkNames(
  { name }: Operation,
  names: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const wrong = Object.keys(names).find((key) => typeof names[key] !== 'string' || names[key] === '')
  if (wrong === undefined) return names
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the ${wrong} of ${name}()`,
    got: names[wrong] === '' ? 'it is empty' : `it is ${typeName(names[wrong])}, not a string`,
    todo: 'Pass a string that is not empty.',
  })
}

/**
 * Refuses options that the operation doesn't have. It has {@link REQUEST_OPTIONS}, its query parameters and its own
 * options.
 *
 * @param names - arguments that are sent in the query, but aren't options
 */
export function checkOptions<Given extends object>(operation: Operation, given: Given, names: object = {}): Given {
  const { name, query } = operation
  const all = optionsOf(operation)
  const known = Object.keys(names).length === 0 ? all : all.filter((key) => !(key in names))
  checkCallOptions(given, known, `${name}()`, operation.body === 'json' ? 'the body' : undefined)
  checkRequestOptions(given, `${name}()`, query)
  allowsUnknown(given, `${name}()`)
  return given
}

/** Whether fields and filters may have names that docker-mtls doesn't know. */
export function allowsUnknown(options: object = {}, of = ''): boolean {
  const { allowUnknown = false } = options as FieldOptions
  return checkBoolean(`the option allowUnknown of ${of}`, allowUnknown)
}

const OPTIONS = new WeakMap<Operation, readonly string[]>()

/** The names of all options, and of the arguments that are sent in the query. They are asked for with each call. */
function optionsOf(operation: Operation): readonly string[] {
  const known = OPTIONS.get(operation)
  if (known) return known
  const { query = {}, own = [] } = operation
  const checksNames = operation.body === 'json' || 'filters' in query
  const all = [...Object.keys(query), ...own, ...REQUEST_OPTIONS, ...(checksNames ? ['allowUnknown'] : [])]
  OPTIONS.set(operation, all)
  return all
}

/**
 * Adds defaults for options that are undefined, and values that the caller can't change. A value that isn't an object is
 * returned unchanged, so that the check of the call refuses it. Spread syntax would turn it into an object.
 */
export function withDefaults<Given extends object>(given: Given, defaults: object, always: object = {}): Given {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given
  const missing = Object.entries(defaults).filter(([key]) => (given as Options)[key] === undefined)
  return { ...defaults, ...given, ...Object.fromEntries(missing), ...always }
}

function queryOf(
  { name, query = {} }: Operation,
  options: Readonly<Record<string, unknown>>,
  inUse: VersionInUse,
): Query {
  const pairs = Object.entries(options)
    .filter(([option, value]) => value !== undefined && Object.hasOwn(query, option))
    .map(([option, value]) => {
      const take = query[option] ?? {}
      const what = `the option ${option} of ${name}()`
      if (!serves(inUse.version, take.since)) throw tooNew(what, take.since ?? '', inUse)
      if (take.newer) refuseNewer(value, take.newer, what, inUse)
      return [
        take.as ?? option,
        encode(
          options['allowUnknown'] === true ? { ...take, filters: undefined, filterValues: undefined } : take,
          value,
          what,
        ),
      ] as const
    })
  return Object.fromEntries(pairs)
}

function encode(take: QueryTake, value: unknown, what: string): QueryValue | object {
  const { encode: how, filters, filterValues, values } = take
  if (how === 'filters') return encodeFilters(what, value, filters, filterValues)
  if (how === 'moment') return encodeMoment(what, value)
  if (how === 'json') return encodeJson(what, value)
  if (how === 'boolean') return checkBoolean(what, value)
  if (how === 'integer') return checkInteger(what, value, take)
  if (values) return checkOneOf(what, value, values) as QueryValue
  return value as QueryValue
}

function checkBody(operation: Operation, body: RequestBody | undefined, inUse: VersionInUse): RequestBody | undefined {
  if (operation.body === undefined) return body
  if (body === undefined) {
    if (operation.body === 'bytes' || operation.bodyOptional === true) return body
    throw wrongBody(operation, 'it is missing')
  }
  const bytes = body instanceof Uint8Array || body instanceof Readable || isAsyncIterable(body)
  const fits = operation.body === 'bytes' ? bytes : typeof body === 'object' && body !== null && !bytes
  if (!fits) throw wrongBody(operation)
  if (!bytes) refuseMisplaced(operation, body as object)
  if (operation.newer) refuseNewer(body, operation.newer, `the body of ${operation.name}()`, inUse)
  return body
}

/** Refuses an option in the body, where the daemon would silently ignore it. */
function refuseMisplaced(operation: Operation, body: object): void {
  if (operation.lowerCase === true) return
  const options = optionsOf(operation)
  const key = Object.keys(body).find((name) => (body as Options)[name] !== undefined && options.includes(name))
  if (key === undefined) return
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the body of ${operation.name}()`,
    got: `${key} is an option of the call, and the daemon would ignore it`,
    todo: `Pass it with the options, as the last argument: { ${key} }.`,
  })
}

function wrongBody(
  { name, body }: Operation,
  got = body === 'bytes' ? 'it is neither bytes nor a stream of bytes' : 'it is not a plain object',
): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the body of ${name}()`,
    got,
    todo:
      body === 'bytes'
        ? 'Pass a Uint8Array, a Readable or an AsyncIterable.'
        : 'Pass the fields of the API as one object.',
  })
}
