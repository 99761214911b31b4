import type { Lane } from '../transport/lanes.ts'

/** The first Engine API version that supports something, e.g. `1.43`. Omitted if all supported versions do. */
export type Since = string

/** How an option is sent as a query parameter. */
export interface QueryTake {
  /** The name of the parameter, if it isn't the name of the option: `killSignal` is sent as `signal`. */
  readonly as?: string
  readonly since?: Since
  /**
   * `json`: one JSON value; `filters`: lists of strings by key; `moment`: a point in time; `boolean` and `integer`:
   * only such values. Otherwise strings and numbers, and arrays as repeated names.
   */
  readonly encode?: 'json' | 'filters' | 'moment' | 'boolean' | 'integer'
  /** What an integer counts, if it could be mistaken. */
  readonly unit?: 'seconds' | 'bytes'
  /** The smallest integer that it may be. */
  readonly least?: number
  /** The only texts that it may be; of an integer, those that it may be instead. */
  readonly values?: readonly string[]
  /** The names of all filters. */
  readonly filters?: readonly string[] | undefined
  /** Filters that are newer than the oldest version. */
  readonly newer?: Readonly<Record<string, Since>>
  /** The only values of some of these filters. */
  readonly filterValues?: Readonly<Record<string, readonly string[]>> | undefined
}

/**
 * An operation of the Engine API as data. The methods of a resource send these, the checks of every call read them, and
 * a test compares them with the specification.
 */
export interface Operation {
  /** The name of its method, for messages: `containers.list`. */
  readonly name: string
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  /** The path in the specification: `/containers/{id}/json`. */
  readonly path: string
  /** `short` for a call that the daemon answers at once, `patient` for all others. */
  readonly lane: Lane
  /**
   * How long the daemon may neither send nor accept a byte, in milliseconds, unless the caller says otherwise. Omitted:
   * for a short call RESPONSE_TIMEOUT_MS, for others as long as it wants: they wait for something that may never happen.
   */
  readonly idle?: number
  readonly since?: Since
  /** All query parameters, by option name. */
  readonly query?: Readonly<Record<string, QueryTake>>
  /** Options that the method itself reads, and that aren't sent in the query: `auth`. */
  readonly own?: readonly string[]
  /** The kind of its body. Omitted if it has none. */
  readonly body?: 'json' | 'bytes'
  /** Its JSON body may be omitted. */
  readonly bodyOptional?: true
  /** The fields of its body begin in lower case, unlike those of all other operations. */
  readonly lowerCase?: true
  /**
   * Fields of the body that are newer than the oldest version, by path: `HostConfig.Mounts.*.VolumeOptions.Subpath`.
   */
  readonly newer?: Readonly<Record<string, Since>>
}

/** For uploads, downloads, pulls and pushes: {@link Operation.idle}. Data or progress arrive all the time. */
export const TRANSFER_IDLE_MS = 600_000
/**
 * For calls that are answered when their work is done, such as saving an image, and for builds: a step may print nothing
 * for long.
 */
export const WORK_IDLE_MS = 3_600_000

type Line = `${Operation['method']} ${string}`
type Rest = Omit<Operation, 'name' | 'method' | 'path' | 'lane' | 'idle'>

/** An operation that the daemon answers at once. */
export const short = (name: string, line: Line, rest?: Rest): Operation => operation('short', name, line, rest)
/** One that may take as long as it wants. */
export const patient = (name: string, line: Line, rest?: Rest): Operation => operation('patient', name, line, rest)
/** One with {@link TRANSFER_IDLE_MS}. */
export const transfer = (name: string, line: Line, rest?: Rest): Operation => ({
  ...operation('patient', name, line, rest),
  idle: TRANSFER_IDLE_MS,
})
/** One with {@link WORK_IDLE_MS}. */
export const work = (name: string, line: Line, rest?: Rest): Operation => ({
  ...operation('patient', name, line, rest),
  idle: WORK_IDLE_MS,
})

function operation(lane: Lane, name: string, line: Line, rest?: Rest): Operation {
  const [method, path = ''] = line.split(' ') as [Operation['method'], string?]
  return { name, method, path, lane, ...rest }
}

/** A query parameter that needs no encoding. */
export const PLAIN: QueryTake = {}
/** Filters, with the names that the operation has. */
export const filtersOf = (...names: string[]): QueryTake => ({ encode: 'filters', filters: names })
/** The same, with the only values of some of them. */
export const withValues = (take: QueryTake, filterValues: Readonly<Record<string, readonly string[]>>): QueryTake => ({
  ...take,
  filterValues,
})
/** One of these texts. */
export const oneOf = (...values: string[]): QueryTake => ({ values })
export const JSON_VALUE: QueryTake = { encode: 'json' }
export const MOMENT: QueryTake = { encode: 'moment' }
export const BOOLEAN: QueryTake = { encode: 'boolean' }
export const INTEGER: QueryTake = { encode: 'integer' }
/** An integer that isn't negative. */
export const COUNT: QueryTake = { encode: 'integer', least: 0 }
export const SECONDS: QueryTake = { encode: 'integer', unit: 'seconds' }
export const BYTES: QueryTake = { encode: 'integer', unit: 'bytes' }
