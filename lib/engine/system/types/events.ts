/** The kind of object of an event. */
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

/** An event. */
export interface EventMessage {
  /** The kind of object, e.g. `container`. */
  readonly Type: EventType
  /** E.g. `create`, `start`, `die`, `health_status: healthy`, `exec_create: sh`, `prune`, `reload`. */
  readonly Action: string
  /** The object the event is about. */
  readonly Actor: EventActor
  /** `swarm`: an event on any node of the swarm. */
  readonly scope: 'local' | 'swarm'
  /** Seconds since 1970. */
  readonly time: number
  /** Nanoseconds since 1970. A JavaScript number can't hold them exactly: the last three digits are rounded. */
  readonly timeNano: number
  /** `Action`, of containers and images. Up to API 1.51. */
  readonly status?: string
  /** `Actor.ID`, of containers and images. Up to API 1.51. */
  readonly id?: string
  /** The image of a container. Up to API 1.51. */
  readonly from?: string
}

/** The object of an event. */
export interface EventActor {
  /** Its id, or its name if it has none, like volumes and image tags. */
  readonly ID: string
  /** E.g. a container's `name`, `image`, `exitCode` and labels. */
  readonly Attributes: Readonly<Record<string, string>>
}
