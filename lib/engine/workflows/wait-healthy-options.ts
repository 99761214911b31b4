import type { RequestOptions } from '../send.ts'

/** Options of {@link Containers.waitHealthy}. */
export interface WaitHealthyOptions extends RequestOptions {
  /** Give up after so many milliseconds. @defaultValue never: its `Retries` and `Interval` say when it is unhealthy */
  readonly timeout?: number
}
