/** What a worker can be asked for. */
export type Task =
  /** So many requests at once, for so long, or until so many were sent. */
  | { readonly kind: 'load'; readonly width: number; readonly milliseconds: number; readonly count?: number }
  /** So many times: a new client, its connection, a ping, and the end of both. */
  | { readonly kind: 'connect'; readonly count: number }
  /** So many pings one after the other, each on a connection of its own. */
  | { readonly kind: 'reconnect'; readonly count: number }

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
}

export type Report = Figures & Memory
export type Answer = Report | { readonly error: string }
