/** What a worker can be asked for. */
export type Task =
  /** So many requests at once, for so long, or until so many were sent. */
  | { readonly kind: 'load'; readonly width: number; readonly milliseconds: number; readonly count?: number }
  /** So many times: a new client, its connection, a ping, and the end of both. */
  | { readonly kind: 'connect'; readonly count: number }
  /** So many pings one after the other, each on a connection of its own. */
  | { readonly kind: 'reconnect'; readonly count: number }
  /** A job of the client, so many times one after the other; what comes back as `requests` is what the job counts. */
  | { readonly kind: 'job'; readonly job: JobName; readonly target: string; readonly count: number }

/** `openEvents` keeps what it opens, until `closeEvents`. */
export type JobName = 'readLog' | 'archiveDown' | 'archiveUp' | 'list' | 'exec' | 'openEvents' | 'closeEvents'

export interface Figures {
  readonly requests: number
  readonly milliseconds: number
  /** Of the worker's process, both user and system. */
  readonly cpuMilliseconds: number
}

export interface Memory {
  /** In bytes. */
  readonly rss: number
  /** In bytes, in use; after a collection where the worker can force one. */
  readonly heap: number
  /** The most that was seen while the task ran, in bytes. */
  readonly peak: number
  /** Sockets, pipes and timers that keep the process alive. */
  readonly handles: number
}

export type Report = Figures & Memory
export type Answer = Report | { readonly error: string }
