import type { FilterValue } from '../filters.ts'
import type { FieldOptions, RequestOptions } from '../send.ts'
import type { Moment } from '../time.ts'
import type { NetworkScope } from './types/networks.ts'

/** Options of {@link Networks.list}. */
export interface NetworkListOptions extends FieldOptions {
  /** Only networks that match, e.g. `{ driver: 'bridge' }`. */
  readonly filters?: {
    /** `true`: only unused networks; `false`: only networks in use. */
    readonly dangling?: boolean
    /** The exact name of the driver, e.g. `bridge`. */
    readonly driver?: FilterValue
    /** The id, or a part of it. */
    readonly id?: FilterValue
    /** `key` or `key=value`. */
    readonly label?: FilterValue
    /** The name, or a part of it. */
    readonly name?: FilterValue
    /** The scope. */
    readonly scope?: NetworkScope | readonly NetworkScope[]
    /** `builtin`: only predefined networks; `custom`: only others. */
    readonly type?: 'builtin' | 'custom'
  }
}

/** Options of {@link Networks.inspect}. */
export interface NetworkInspectOptions extends RequestOptions {
  /** Include services and tasks of the whole swarm, for troubleshooting. @defaultValue `false` */
  readonly verbose?: boolean
  /** The scope of the network, to distinguish two networks of the same name. @defaultValue any */
  readonly scope?: NetworkScope
}

/** Options of {@link Networks.prune}. */
export interface NetworkPruneOptions extends FieldOptions {
  /** Only networks that match: by label, or created before a time. */
  readonly filters?: {
    /** Created before this time, e.g. `1h30m`. */
    readonly until?: Moment
    /** `key` or `key=value`. */
    readonly label?: FilterValue
    /** Only networks without this label, or with another value of it. */
    readonly 'label!'?: FilterValue
  }
}
