import type { FilterValue } from '../filters.ts'
import type { FieldOptions, RequestOptions } from '../send.ts'

/** Options of {@link Volumes.list}. */
export interface VolumeListOptions extends FieldOptions {
  /** Only volumes that match, e.g. `{ dangling: true }`. */
  readonly filters?: {
    /** `true`: only unused volumes. */
    readonly dangling?: boolean
    /** The exact name of the driver, e.g. `local`. */
    readonly driver?: FilterValue
    /** `key` or `key=value`. */
    readonly label?: FilterValue
    /** The name, or a part of it. */
    readonly name?: FilterValue
  }
}

/** Options of {@link Volumes.update}. */
export interface VolumeUpdateOptions extends FieldOptions {
  /** `ClusterVolume.Version.Index` of the inspected volume. The update fails if it has changed since. */
  readonly version: number
}

/** Options of {@link Volumes.remove}. */
export interface VolumeRemoveOptions extends RequestOptions {
  /** Remove it even if its driver or its data no longer exist. @defaultValue `false` */
  readonly force?: boolean
}

/** Options of {@link Volumes.prune}. */
export interface VolumePruneOptions extends FieldOptions {
  /** Only volumes that match; `{ all: true }` includes named ones. */
  readonly filters?: {
    /** Named volumes as well as anonymous ones. Since API 1.42. @defaultValue `false` */
    readonly all?: boolean
    /** `key` or `key=value`. */
    readonly label?: FilterValue
    /** Only volumes without this label, or with another value of it. */
    readonly 'label!'?: FilterValue
  }
}
