import type { FilterValue } from '../filters.ts'
import type { RequestOptions } from '../send.ts'

/** Options of {@link Volumes.list}. */
export interface VolumeListOptions extends RequestOptions {
  /** Only volumes that match, e.g. `{ dangling: true }`. */
  readonly filters?: {
    /** `true`: those that no container uses. */
    readonly dangling?: boolean
    /** E.g. `local`; the whole name. */
    readonly driver?: FilterValue
    /** `key` or `key=value`. */
    readonly label?: FilterValue
    /** The whole name, or a part of it. */
    readonly name?: FilterValue
  }
}

/** Options of {@link Volumes.update}. */
export interface VolumeUpdateOptions extends RequestOptions {
  /** `ClusterVolume.Version.Index` of what is updated: whoever updated it meanwhile isn't overruled. */
  readonly version: number
}

/** Options of {@link Volumes.remove}. */
export interface VolumeRemoveOptions extends RequestOptions {
  /** Also where its driver or its data are gone. @defaultValue `false` */
  readonly force?: boolean
}

/** Options of {@link Volumes.prune}. */
export interface VolumePruneOptions extends RequestOptions {
  /** Only volumes that match; `{ all: true }` includes named ones. */
  readonly filters?: {
    /** Named volumes as well as anonymous ones. Since API 1.42. @defaultValue `false` */
    readonly all?: boolean
    /** `key` or `key=value`. */
    readonly label?: FilterValue
    /** Without this label, or with another value of it. */
    readonly 'label!'?: FilterValue
  }
}
