/** A task for a worker. */
export type Task =
  /** Keeps `width` requests running, until the time is over or `count` are sent. */
  | { readonly kind: 'load'; readonly width: number; readonly milliseconds: number; readonly count?: number }
  /** Repeats `count` times: opens a new client, pings, and closes it. */
  | { readonly kind: 'connect'; readonly count: number }
  /** Sends `count` pings one after the other, each on a new connection. */
  | { readonly kind: 'reconnect'; readonly count: number }
  /** Repeats a job of the client `count` times. `requests` in the report is the job's own count. */
  | { readonly kind: 'job'; readonly job: JobName; readonly target: string; readonly count: number }

/** `closeEvents` closes all streams that `openEvents` and `readEvents` have opened. */
export type JobName =
  | 'readLog'
  | 'archiveDown'
  | 'archiveUp'
  | 'list'
  | 'exec'
  | 'openEvents'
  | 'readEvents'
  | 'closeEvents'

/** How long single requests took, in milliseconds. */
export interface Latency {
  readonly median: number
  readonly p99: number
}

export interface Figures {
  readonly requests: number
  /** Of a load. */
  readonly latency?: Latency
  readonly milliseconds: number
  /** CPU time of the worker's process, user and system. */
  readonly cpuMilliseconds: number
}

export interface Memory {
  /** In bytes. */
  readonly rss: number
  /** Heap in use, in bytes. Measured after a garbage collection if the worker can force one. */
  readonly heap: number
  /** The peak during the task, in bytes. */
  readonly peak: number
  /** Sockets, pipes and timers that keep the process alive. */
  readonly handles: number
}

export type Report = Figures & Memory
export type Answer = Report | { readonly error: string }
