import type { RequestOptions } from './send.ts'
import type { Moment } from './time.ts'

/** Options of {@link Services.logs} and {@link Tasks.logs}, and most of {@link Containers.logs}. */
export interface LogsOptions extends RequestOptions {
  /**
   * Begin each line with details: for a container the labels and variables that its `LogConfig` names, for a service
   * and a task also the ids of node, service and task. @defaultValue `false`
   */
  readonly details?: boolean
  /** Keep streaming new output until the container ends or you leave the loop. @defaultValue `false` */
  readonly follow?: boolean
  /** @defaultValue `true` */
  readonly stdout?: boolean
  /** @defaultValue `true` */
  readonly stderr?: boolean
  /** Omit output before this time, e.g. `5m`. @defaultValue all output */
  readonly since?: Moment
  /** Begin each line with its time (RFC 3339 with nanoseconds) and a space. @defaultValue `false` */
  readonly timestamps?: boolean
  /** The number of last lines. @defaultValue `all` */
  readonly tail?: number | 'all'
}
