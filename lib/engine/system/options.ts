import type { FilterValue } from '../filters.ts'
import type { FieldOptions, RequestOptions } from '../send.ts'
import type { Moment } from '../time.ts'
import type { EventType } from './types/events.ts'

/** Options of {@link System.events}. */
export interface EventsOptions extends FieldOptions {
  /** Begin with past events since this time. The daemon remembers its last 256 events. @defaultValue now */
  readonly since?: Moment
  /** End the stream at this time; immediately if it is in the past. @defaultValue never */
  readonly until?: Moment
  /** Only events that match one value of each filter. */
  readonly filters?: {
    /** Names or ids of configs. */
    readonly config?: FilterValue
    /** Names or ids of containers. */
    readonly container?: FilterValue
    /** Names or ids of daemons. */
    readonly daemon?: FilterValue
    /** The `Action`: `start`, `die`, `health_status`. */
    readonly event?: FilterValue
    /** Names or ids of images. */
    readonly image?: FilterValue
    /** Labels of containers and images: `key` or `key=value`. */
    readonly label?: FilterValue
    /** Names or ids of networks. */
    readonly network?: FilterValue
    /** Ids of nodes. */
    readonly node?: FilterValue
    /** Names or ids of plugins. */
    readonly plugin?: FilterValue
    /** Events on this host, or anywhere in the swarm. */
    readonly scope?: 'local' | 'swarm' | readonly ('local' | 'swarm')[]
    /** Names or ids of secrets. */
    readonly secret?: FilterValue
    /** Names or ids of services. */
    readonly service?: FilterValue
    /** The kind of object. */
    readonly type?: EventType | readonly EventType[]
    /** Names of volumes. */
    readonly volume?: FilterValue
  }
}

/** The kinds of objects that {@link System.df} can measure. */
export type DiskUsageType = 'container' | 'image' | 'volume' | 'build-cache'

/** Options of {@link System.df}. */
export interface DiskUsageOptions extends RequestOptions {
  /** Only these kinds. Containers and volumes take long to measure. Since API 1.42. @defaultValue all */
  readonly type?: DiskUsageType | readonly DiskUsageType[]
  /** List each object in `Items`. Since API 1.52. @defaultValue `false` */
  readonly verbose?: boolean
}
