import type { FilterValue } from '../filters.ts'
import type { RequestOptions } from '../send.ts'

/** Options of {@link Nodes.list}. */
export interface NodeListOptions extends RequestOptions {
  /** Only nodes that match, e.g. `{ role: 'manager' }`. */
  readonly filters?: {
    /** Its beginning. */
    readonly id?: FilterValue
    /** A label of its engine, `key` or `key=value`. */
    readonly label?: FilterValue
    /** Those that take part, or that wait to be let in. */
    readonly membership?: 'accepted' | 'pending'
    /** Its beginning. */
    readonly name?: FilterValue
    /** A label that it has as a node, `key` or `key=value`. */
    readonly 'node.label'?: FilterValue
    /** `worker` or `manager`. */
    readonly role?: FilterValue
  }
}

/** Options of {@link Nodes.update}. */
export interface NodeUpdateOptions extends RequestOptions {
  /** `Version.Index` of what is changed: an update that came between makes this one fail. */
  readonly version: number
}

/** Options of {@link Nodes.remove}. */
export interface NodeRemoveOptions extends RequestOptions {
  /** Also while it is up. @defaultValue `false` */
  readonly force?: boolean
}
