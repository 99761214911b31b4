import type { FilterOf, FilterValue } from '../filters.ts'
import type { FieldOptions, RequestOptions } from '../send.ts'

/** Options of {@link Nodes.list}. */
export interface NodeListOptions extends FieldOptions {
  /** Only nodes that match, e.g. `{ role: 'manager' }`. */
  readonly filters?: {
    /** The beginning of the id. */
    readonly id?: FilterValue
    /** A label of its engine, `key` or `key=value`. */
    readonly label?: FilterValue
    /** Whether it was accepted into the swarm. */
    readonly membership?: 'accepted' | 'pending'
    /** The beginning of the name. */
    readonly name?: FilterValue
    /** A label of the node, `key` or `key=value`. */
    readonly 'node.label'?: FilterValue
    /** `worker` or `manager`. */
    readonly role?: FilterOf<'worker' | 'manager'>
  }
}

/** Options of {@link Nodes.update}. */
export interface NodeUpdateOptions extends FieldOptions {
  /** `Version.Index` of the inspected object. The update fails if the object has changed since. */
  readonly version: number
}

/** Options of {@link Nodes.remove}. */
export interface NodeRemoveOptions extends RequestOptions {
  /** Remove it even if it is up. @defaultValue `false` */
  readonly force?: boolean
}
