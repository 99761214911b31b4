import type { FilterValue } from '../filters.ts'
import type { FieldOptions } from '../send.ts'

/** Options of {@link Secrets.list}. */
export interface SecretListOptions extends FieldOptions {
  /** Only secrets that match: by id, label or name. */
  readonly filters?: {
    /** The beginning of the id. */
    readonly id?: FilterValue
    /** `key` or `key=value`. */
    readonly label?: FilterValue
    /** The beginning of the name. */
    readonly name?: FilterValue
    /** The exact name. */
    readonly names?: FilterValue
  }
}

/** Options of {@link Secrets.update}. */
export interface SecretUpdateOptions extends FieldOptions {
  /** `Version.Index` of the inspected object. The update fails if the object has changed since. */
  readonly version: number
}
