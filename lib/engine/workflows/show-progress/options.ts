import type { Writable } from 'node:stream'

/** Options of {@link showProgress}. */
export interface ShowProgressOptions {
  /** Where the progress is written. @defaultValue `process.stderr` */
  readonly output?: Writable & {
    /** Is it a terminal? */
    readonly isTTY?: boolean
    /** Its width. */
    readonly columns?: number
    /** Its height. */
    readonly rows?: number
  }
  /**
   * `plain` writes a line for each change. `live` rewrites the lines of what is in progress, and needs a terminal that can
   * move its cursor: with `TERM=dumb` it is `plain`.
   *
   * @defaultValue `auto`: `live` on a terminal, else `plain`
   */
  readonly mode?: 'auto' | 'plain' | 'live'
}
