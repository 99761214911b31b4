/** A health check. Times are in nanoseconds; 0 means the setting of the image. */
export interface HealthConfig {
  /**
   * `['CMD', program, ...arguments]`, `['CMD-SHELL', 'command']`, `['NONE']` for no check, `[]` for that of the image.
   * Exit code 0 means healthy, all others unhealthy.
   */
  readonly Test?: readonly string[] | null
  /** The interval between checks, in nanoseconds, at least 1,000,000. @defaultValue `30_000_000_000` */
  readonly Interval?: number
  /** The time limit of a check, in nanoseconds, at least 1,000,000. @defaultValue `30_000_000_000` */
  readonly Timeout?: number
  /** The number of consecutive failures that make it unhealthy. @defaultValue `3` */
  readonly Retries?: number
  /** The time after the start in which failures don't count, in nanoseconds, at least 1,000,000. @defaultValue `0` */
  readonly StartPeriod?: number
  /**
   * The interval between checks during `StartPeriod`, in nanoseconds, at least 1,000,000. Since API 1.44.
   *
   * @defaultValue `Interval`
   */
  readonly StartInterval?: number
}

/** `none`: no health check; `starting`: no check has succeeded yet, and too few have failed. */
export type HealthStatus = 'none' | 'starting' | 'healthy' | 'unhealthy'

/** The results of a container's health check. */
export interface Health {
  /** The current status. */
  readonly Status: HealthStatus
  /** The number of consecutive failures. */
  readonly FailingStreak: number
  /** The last five checks, the oldest first. */
  readonly Log: readonly HealthcheckResult[] | null
}

/** The result of one check. */
export interface HealthcheckResult {
  /** RFC 3339, with nanoseconds. */
  readonly Start: string
  /** RFC 3339, with nanoseconds. */
  readonly End: string
  /** 0 healthy, 1 unhealthy, -1 if the check couldn't be run or took too long. */
  readonly ExitCode: number
  /** Its output, at most 4096 bytes. */
  readonly Output: string
}
