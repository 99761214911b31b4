import type { RequestOptions } from './send.ts'
import type { Moment } from './time.ts'

/** Options of {@link Services.logs} and {@link Tasks.logs}, and most of {@link Containers.logs}. */
export interface LogsOptions extends RequestOptions {
  /**
   * Each line begins with what more is known of it: for a container the labels and variables that its `LogConfig` names,
   * for a service and a task also who wrote it. @defaultValue `false`
   */
  readonly details?: boolean
  /** Go on with what is written from now on, until it ends or the loop is left. @defaultValue `false` */
  readonly follow?: boolean
  /** @defaultValue `true` */
  readonly stdout?: boolean
  /** @defaultValue `true` */
  readonly stderr?: boolean
  /** Nothing earlier. @defaultValue all of it */
  readonly since?: Moment
  /** Before each line its time, RFC 3339 with nanoseconds, and a space. @defaultValue `false` */
  readonly timestamps?: boolean
  /** So many of the last lines. @defaultValue `all` */
  readonly tail?: number | 'all'
}
