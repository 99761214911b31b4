import type { Operation, QueryTake } from '../../engine/operation.ts'
import { OPERATIONS } from '../operations.ts'

/** How dockerd reads a query parameter. */
export interface Parameter {
  /** Every value counts. Of another parameter dockerd takes the first. */
  readonly list?: true
  readonly boolean?: true
  /** Its value is JSON, in this form of the engine's table of fields. */
  readonly json?: string
}

const TEXT: Parameter = {}
const LIST: Parameter = { list: true }
const JSON_LIST: Parameter = { list: true, json: '' }

/**
 * Parameters that dockerd reads otherwise than the engine's data say, or that aren't in the specification (moby,
 * api/server/router: all uses of `r.Form`).
 */
const MORE: Readonly<Record<string, Readonly<Record<string, Parameter>>>> = {
  'containers.list': { since: TEXT, before: TEXT },
  'images.list': { filter: TEXT },
  'images.create': { changes: LIST },
  'images.commit': { changes: LIST },
  'images.save': { names: LIST, platform: JSON_LIST },
  'images.load': { platform: JSON_LIST },
  'images.remove': { platforms: JSON_LIST },
  'images.build': {
    t: LIST,
    extrahosts: LIST,
    securityopt: LIST,
    cgroupparent: TEXT,
    cpusetmems: TEXT,
    isolation: TEXT,
    buildargs: { json: '*' },
    labels: { json: '*s' },
    cachefrom: { json: '[s' },
    ulimits: { json: '[Ulimits' },
  },
  'images.buildPrune': { 'keep-storage': TEXT },
  'system.df': { type: LIST },
}

const KNOWN = new Map<Operation, ReadonlyMap<string, Parameter>>()

/** The query parameters of an operation, by the name in the query. */
export function parametersOf(operation: Operation): ReadonlyMap<string, Parameter> {
  const known = KNOWN.get(operation)
  if (known) return known
  const parameters = new Map<string, Parameter>([
    ...Object.entries(operation.query ?? {}).map(toParameter),
    ...Object.entries(MORE[operation.name] ?? {}),
  ])
  KNOWN.set(operation, parameters)
  return parameters
}

/** What dockerd reads besides (moby, as above): nobody judges it. */
const NOT_JUDGED = ['checkpoint-dir', 'format']

let everywhere: ReadonlySet<string> | undefined

/**
 * Whether any operation of any dockerd from API 1.24 on has a parameter of this name, in whatever case (moby: all uses of `r.Form` and
 * `r.URL` in v1.12 to v29.7). dockerd ignores any other name.
 */
export function isReadSomewhere(name: string): boolean {
  everywhere ??= new Set(
    [...OPERATIONS.flatMap((operation) => [...parametersOf(operation).keys()]), ...NOT_JUDGED].map(lower),
  )
  return everywhere.has(lower(name))
}

const lower = (name: string): string => name.toLowerCase()

function toParameter([option, { as, encode }]: [string, QueryTake]): [string, Parameter] {
  return [as ?? option, ENCODED[encode ?? ''] ?? TEXT]
}

const ENCODED: Readonly<Record<string, Parameter>> = {
  boolean: { boolean: true },
  filters: { json: '*' },
  json: { json: '' },
}
