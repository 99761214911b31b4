/** What kind of thing something happened to. */
export type EventType =
  | 'builder'
  | 'config'
  | 'container'
  | 'daemon'
  | 'image'
  | 'network'
  | 'node'
  | 'plugin'
  | 'secret'
  | 'service'
  | 'volume'

/** Something that has happened. */
export interface EventMessage {
  /** The kind of object, e.g. `container`. */
  readonly Type: EventType
  /** E.g. `create`, `start`, `die`, `health_status: healthy`, `exec_create: sh`, `prune`, `reload`. */
  readonly Action: string
  /** The object the event is about. */
  readonly Actor: EventActor
  /** `swarm`: on some node of the swarm. */
  readonly scope: 'local' | 'swarm'
  /** Seconds since 1970. */
  readonly time: number
  /** Nanoseconds since 1970: more than a number can hold, so that the last three digits are rounded. */
  readonly timeNano: number
  /** `Action`, of containers and images. Up to API 1.51. */
  readonly status?: string
  /** `Actor.ID`, of containers and images. Up to API 1.51. */
  readonly id?: string
  /** The image of a container. Up to API 1.51. */
  readonly from?: string
}

/** What it has happened to. */
export interface EventActor {
  /** A name where the thing has no id: of a volume, of the tag of an image. */
  readonly ID: string
  /** E.g. a container's `name`, `image`, `exitCode` and labels. */
  readonly Attributes: Readonly<Record<string, string>>
}
