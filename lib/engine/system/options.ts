import type { FilterValue } from '../filters.ts'
import type { RequestOptions } from '../send.ts'
import type { Moment } from '../time.ts'
import type { EventType } from './types/events.ts'

/** Options of {@link System.events}. */
export interface EventsOptions extends RequestOptions {
  /** What has happened from then on comes first, as far as the daemon remembers: its last 256 events. @defaultValue now */
  readonly since?: Moment
  /** The stream ends then: at once, where that is past. @defaultValue never */
  readonly until?: Moment
  /** What has to fit: of one key any of its values, of several keys all. */
  readonly filters?: {
    /** Name or id, as in the others. */
    readonly config?: FilterValue
    /** Names or ids of containers. */
    readonly container?: FilterValue
    /** Names or ids of daemons. */
    readonly daemon?: FilterValue
    /** The `Action`: `start`, `die`, `health_status`. */
    readonly event?: FilterValue
    /** Names or ids of images. */
    readonly image?: FilterValue
    /** Of containers and images: `key` or `key=value`. */
    readonly label?: FilterValue
    /** Names or ids of networks. */
    readonly network?: FilterValue
    /** Id alone. */
    readonly node?: FilterValue
    /** Names or ids of plugins. */
    readonly plugin?: FilterValue
    /** On this host, or anywhere in the swarm. */
    readonly scope?: 'local' | 'swarm' | readonly ('local' | 'swarm')[]
    /** Names or ids of secrets. */
    readonly secret?: FilterValue
    /** Names or ids of services. */
    readonly service?: FilterValue
    /** The kind of thing that it happens to. */
    readonly type?: EventType | readonly EventType[]
    /** Name alone. */
    readonly volume?: FilterValue
  }
}

/** What {@link System.df} can look at. */
export type DiskUsageType = 'container' | 'image' | 'volume' | 'build-cache'

/** Options of {@link System.df}. */
export interface DiskUsageOptions extends RequestOptions {
  /** These alone: containers and volumes take long to measure. Since API 1.42. @defaultValue all */
  readonly type?: DiskUsageType | readonly DiskUsageType[]
  /** With every single thing, in `Items`. Since API 1.52. @defaultValue `false` */
  readonly verbose?: boolean
}
