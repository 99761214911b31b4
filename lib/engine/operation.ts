import type { Lane } from '../transport/lanes.ts'

/** The first Engine API version that takes a thing, e.g. `1.43`; left out where every version that we speak takes it. */
export type Since = string

/** How one query parameter of an operation is written. */
export interface QueryTake {
  /** Its name on the wire, where that isn't the option's own: `killSignal` is sent as `signal`. */
  readonly as?: string
  readonly since?: Since
  /**
   * `json`: one JSON value; `filters`: lists of words by key; `moment`: a Date, or what stands for one; `boolean` and
   * `integer`: nothing else; otherwise words and numbers, and arrays as repeated names.
   */
  readonly encode?: 'json' | 'filters' | 'moment' | 'boolean' | 'integer'
}

/**
 * One operation of the Engine API as data: what is sent, and since when. A resource's methods are sentences about
 * these; the checks of every call read them, and so does the test that holds them against the specification.
 */
export interface Operation {
  /** As a caller writes it, for messages: `containers.list`. */
  readonly name: string
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  /** As the specification writes it: `/containers/{id}/json`. */
  readonly path: string
  /** `short` for a call that the daemon answers at once; everything else is `patient`. */
  readonly lane: Lane
  readonly since?: Since
  /** Every query parameter, by the name of its option. */
  readonly query?: Readonly<Record<string, QueryTake>>
  /** Options that aren't sent in the query, but read by the method itself: `auth`. */
  readonly own?: readonly string[]
  /** What the body is; left out where there is none. */
  readonly body?: 'json' | 'bytes'
  /** The fields of its body begin in lower case, as nowhere else in the API. */
  readonly lowerCase?: true
  /** Fields of the body that are newer than the oldest version, by path: `HostConfig.Mounts.*.VolumeOptions.Subpath`. */
  readonly newer?: Readonly<Record<string, Since>>
}

/** A query parameter without anything special. */
export const PLAIN: QueryTake = {}
export const FILTERS: QueryTake = { encode: 'filters' }
export const JSON_VALUE: QueryTake = { encode: 'json' }
export const MOMENT: QueryTake = { encode: 'moment' }
export const BOOLEAN: QueryTake = { encode: 'boolean' }
export const INTEGER: QueryTake = { encode: 'integer' }
