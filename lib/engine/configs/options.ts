import type { FilterValue } from '../filters.ts'
import type { FieldOptions } from '../send.ts'

/** Options of {@link Configs.list}. */
export interface ConfigListOptions extends FieldOptions {
  /** Only configs that match: by id, label or name. */
  readonly filters?: {
    /** The beginning of the id. */
    readonly id?: FilterValue
    /** `key` or `key=value`. */
    readonly label?: FilterValue
    /** The beginning of the name. */
    readonly name?: FilterValue
    /** The exact name. Docker Engine 26 doesn't support it. */
    readonly names?: FilterValue
  }
}

/** Options of {@link Configs.update}. */
export interface ConfigUpdateOptions extends FieldOptions {
  /** `Version.Index` of the inspected object. The update fails if the object has changed since. */
  readonly version: number
}
