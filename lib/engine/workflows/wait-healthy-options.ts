import type { RequestOptions } from '../send.ts'

/** Options of {@link Containers.waitHealthy}. */
export interface WaitHealthyOptions extends RequestOptions {
  /**
   * How long to wait, in milliseconds.
   *
   * @defaultValue no limit: its `Retries` and `Interval` decide when it is unhealthy
   */
  readonly timeout?: number
}
