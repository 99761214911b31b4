/** How the daemon finds out whether a container does its work. Times are nanoseconds: 0 means the image's. */
export interface HealthConfig {
  /**
   * `['CMD', program, ...arguments]`, `['CMD-SHELL', 'command']`, `['NONE']` for no check, `[]` for the image's.
   * An exit code of 0 says healthy, 1 unhealthy; others count as unhealthy, too.
   */
  readonly Test?: readonly string[] | null
  /** From one check to the next, in nanoseconds, at least 1,000,000. @defaultValue `30_000_000_000` */
  readonly Interval?: number
  /** A check that takes longer has failed, in nanoseconds, at least 1,000,000. @defaultValue `30_000_000_000` */
  readonly Timeout?: number
  /** So many failures in a row make it unhealthy. @defaultValue `3` */
  readonly Retries?: number
  /** How long failures don't count after the start, in nanoseconds, at least 1,000,000. @defaultValue `0` */
  readonly StartPeriod?: number
  /**
   * From one check to the next during `StartPeriod`, in nanoseconds, at least 1,000,000. Since API 1.44.
   *
   * @defaultValue `Interval`
   */
  readonly StartInterval?: number
}

/** `none`: it has no health check; `starting`: none has succeeded yet, and not enough have failed. */
export type HealthStatus = 'none' | 'starting' | 'healthy' | 'unhealthy'

/** What the checks of a container have said so far. */
export interface Health {
  /** The result of the last checks. */
  readonly Status: HealthStatus
  /** Failures in a row. */
  readonly FailingStreak: number
  /** The last five, the oldest first. */
  readonly Log: readonly HealthcheckResult[] | null
}

/** One check of a container. */
export interface HealthcheckResult {
  /** RFC 3339, with nanoseconds. */
  readonly Start: string
  /** RFC 3339, with nanoseconds. */
  readonly End: string
  /** 0 healthy, 1 unhealthy, -1 where the check could not be run or took too long. */
  readonly ExitCode: number
  /** At most 4096 bytes of what it printed. */
  readonly Output: string
}
