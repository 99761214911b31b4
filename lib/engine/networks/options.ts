import type { FilterValue } from '../filters.ts'
import type { RequestOptions } from '../send.ts'
import type { NetworkScope } from './types/networks.ts'

/** Options of {@link Networks.list}. */
export interface NetworkListOptions extends RequestOptions {
  /** Only networks that match, e.g. `{ driver: 'bridge' }`. */
  readonly filters?: {
    /** `true`: those that no container uses; `false`: those that one does. */
    readonly dangling?: boolean
    /** E.g. `bridge`; the whole name. */
    readonly driver?: FilterValue
    /** The whole id, or a part of it. */
    readonly id?: FilterValue
    /** `key` or `key=value`. */
    readonly label?: FilterValue
    /** The whole name, or a part of it. */
    readonly name?: FilterValue
    /** How far it reaches. */
    readonly scope?: NetworkScope | readonly NetworkScope[]
    /** `builtin`: those that every daemon has; `custom`: those that somebody made. */
    readonly type?: 'builtin' | 'custom'
  }
}

/** Options of {@link Networks.inspect}. */
export interface NetworkInspectOptions extends RequestOptions {
  /** With the services and tasks of the whole swarm: for finding faults. @defaultValue `false` */
  readonly verbose?: boolean
  /** Only where it has this scope: two networks of one name may differ by it. @defaultValue any */
  readonly scope?: NetworkScope
}

/** Options of {@link Networks.prune}. */
export interface NetworkPruneOptions extends RequestOptions {
  /** Only networks that match: by label, or created before a time. */
  readonly filters?: {
    /** Made before: a duration back from the daemon's now, such as `10m` or `1h30m`, RFC 3339, or seconds since 1970. */
    readonly until?: string | number
    /** `key` or `key=value`. */
    readonly label?: FilterValue
    /** Without this label, or with another value of it. */
    readonly 'label!'?: FilterValue
  }
}
