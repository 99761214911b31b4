import type { Operation } from '../../engine/operation.ts'
import { renderJson } from '../json.ts'
import { parseGoJson } from './go-json.ts'
import { isReadSomewhere, parametersOf, type Parameter } from './query-parameters.ts'
import { decodePercent } from './target.ts'
import { Unreadable } from './unreadable.ts'

/** A query as dockerd reads it. */
interface Query {
  readonly query: ReadonlyMap<string, readonly string[]>
  /** The names of parameters that no operation has. */
  readonly leftOut: readonly string[]
}

/** What to do with parameters that the operation doesn't have. */
interface Others {
  /** Names that dockerd ignores there. They are omitted. */
  readonly ignored: ReadonlySet<string>
  /** Names that dockerd reads nowhere are left out, and not refused. */
  readonly leavesOut: boolean
}

/**
 * Reads a query as Go's url.ParseQuery does. JSON values are written again in one way, and booleans as `true` or `false`.
 */
export function readQuery(operation: Operation, search: string, { ignored, leavesOut }: Others): Query {
  const known = parametersOf(operation)
  const pairs = parsePairs(search)
  const others = pairs.map(([name]) => name).filter((name) => !known.has(name) && !ignored.has(name))
  const unknown = leavesOut ? others.find(isReadSomewhere) : others[0]
  const query = new Map<string, string[]>()
  for (const [name, value] of pairs) {
    const parameter = known.get(name)
    if (!parameter) continue
    const values = query.get(name)
    if (values && parameter.list === undefined)
      throw ambiguous(name, 'it is there twice, and dockerd reads the first only')
    const read = readValue(name, value, parameter)
    if (values) values.push(read)
    else query.set(name, [read])
  }
  if (unknown !== undefined)
    throw new Unreadable('QUERY_UNKNOWN', parameterName(unknown), "the operation doesn't have this parameter")
  return { query, leftOut: [...new Set(others)] }
}

function parsePairs(search: string): (readonly [name: string, value: string])[] {
  if (search.includes(';')) throw ambiguous(undefined, 'it has a semicolon')
  const pairs = search.split('&').filter((pair) => pair !== '')
  return pairs.map((pair) => {
    const at = pair.indexOf('=')
    return at === -1 ? [decode(pair), ''] : [decode(pair.slice(0, at)), decode(pair.slice(at + 1))]
  })
}

function decode(text: string): string {
  const decoded = decodePercent(text.replaceAll('+', ' '))
  if (decoded === undefined) throw ambiguous(undefined, 'its percent-encoding is invalid')
  return decoded
}

function readValue(name: string, value: string, { boolean, json }: Parameter): string {
  if (value === '') return value
  if (boolean) return readBoolean(name, value)
  return json === undefined ? value : readJson(name, value, json)
}

const TRUE = new Set(['1', 't', 'true', 'y', 'yes', 'on'])
const FALSE = new Set(['0', 'false', 'no', 'none'])

/** dockerd reads most booleans as true unless they are in FALSE, and others by Go's ParseBool: `off` and `f` differ. */
function readBoolean(name: string, value: string): 'true' | 'false' {
  const text = value.toLowerCase()
  if (TRUE.has(text)) return 'true'
  if (FALSE.has(text)) return 'false'
  throw ambiguous(name, "dockerd doesn't always read it as the same boolean")
}

function readJson(name: string, value: string, form: string): string {
  const what = parameterName(name)
  try {
    return renderJson(value === 'null' ? null : parseGoJson(value, { form, what }))
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    const { code, where = '', got } = error.reason
    const place = where === what ? what : `${what}: ${where}`
    throw new Unreadable(code === 'FIELD_UNKNOWN' ? 'QUERY_UNKNOWN' : 'QUERY_AMBIGUOUS', place, got)
  }
}

const parameterName = (name: string): string => `the query parameter ${name.slice(0, 100)}`

function ambiguous(name: string | undefined, got: string): Unreadable {
  return new Unreadable('QUERY_AMBIGUOUS', name === undefined ? 'the query' : parameterName(name), got)
}
