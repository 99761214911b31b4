import type { FilterValue } from '../filters.ts'
import type { RequestOptions } from '../send.ts'

/** Options of {@link Tasks.list}. */
export interface TaskListOptions extends RequestOptions {
  /** Only tasks that match, e.g. `{ service: 'web', 'desired-state': 'running' }`. */
  readonly filters?: {
    /** `running`, `shutdown` or `accepted`: what the swarm wants of it. */
    readonly 'desired-state'?: FilterValue
    /** Its beginning. */
    readonly id?: FilterValue
    /** `key` or `key=value`. */
    readonly label?: FilterValue
    /** Its beginning. */
    readonly name?: FilterValue
    /** Name or id of a node. */
    readonly node?: FilterValue
    /** Name or id of a service. */
    readonly service?: FilterValue
  }
}
