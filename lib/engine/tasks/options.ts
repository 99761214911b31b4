import type { FilterOf, FilterValue } from '../filters.ts'
import type { FieldOptions } from '../send.ts'

/** Options of {@link Tasks.list}. */
export interface TaskListOptions extends FieldOptions {
  /** Only tasks that match, e.g. `{ service: 'web', 'desired-state': 'running' }`. */
  readonly filters?: {
    /** The desired state: `running`, `shutdown` or `accepted`. */
    readonly 'desired-state'?: FilterOf<'running' | 'shutdown' | 'accepted'>
    /** The beginning of the id. */
    readonly id?: FilterValue
    /** `key` or `key=value`. */
    readonly label?: FilterValue
    /** The beginning of the name. */
    readonly name?: FilterValue
    /** Name or id of a node. */
    readonly node?: FilterValue
    /** Name or id of a service. */
    readonly service?: FilterValue
  }
}
