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
    readonly container?: FilterValue
    readonly daemon?: FilterValue
    /** The `Action`: `start`, `die`, `health_status`. */
    readonly event?: FilterValue
    readonly image?: FilterValue
    /** Of containers and images: `key` or `key=value`. */
    readonly label?: FilterValue
    readonly network?: FilterValue
    /** Id alone. */
    readonly node?: FilterValue
    readonly plugin?: FilterValue
    /** On this host, or anywhere in the swarm. */
    readonly scope?: 'local' | 'swarm' | readonly ('local' | 'swarm')[]
    readonly secret?: FilterValue
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
