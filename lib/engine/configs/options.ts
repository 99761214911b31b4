import type { FilterValue } from '../filters.ts'
import type { RequestOptions } from '../send.ts'

/** Options of {@link Configs.list}. */
export interface ConfigListOptions extends RequestOptions {
  /** Only configs that match: by id, label or name. */
  readonly filters?: {
    /** Its beginning. */
    readonly id?: FilterValue
    /** `key` or `key=value`. */
    readonly label?: FilterValue
    /** Its beginning. */
    readonly name?: FilterValue
    /** The whole name. Docker Engine 26 refuses it. */
    readonly names?: FilterValue
  }
}

/** Options of {@link Configs.update}. */
export interface ConfigUpdateOptions extends RequestOptions {
  /** `Version.Index` of what is changed: an update that came between makes this one fail. */
  readonly version: number
}
