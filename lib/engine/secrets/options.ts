import type { FilterValue } from '../filters.ts'
import type { RequestOptions } from '../send.ts'

/** Options of {@link Secrets.list}. */
export interface SecretListOptions extends RequestOptions {
  /** Only secrets that match: by id, label or name. */
  readonly filters?: {
    /** Its beginning. */
    readonly id?: FilterValue
    /** `key` or `key=value`. */
    readonly label?: FilterValue
    /** Its beginning. */
    readonly name?: FilterValue
    /** The whole name. */
    readonly names?: FilterValue
  }
}

/** Options of {@link Secrets.update}. */
export interface SecretUpdateOptions extends RequestOptions {
  /** `Version.Index` of what is changed: an update that came between makes this one fail. */
  readonly version: number
}
