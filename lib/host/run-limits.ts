/** Limits for one run of a script. A host that exceeds one of them is broken or hostile. */
export interface RunLimits {
  /** Of stdout, with everything that a login prints before the script begins. */
  readonly bytes: number
  /** Lines of stdout. */
  readonly lines: number
  /** How long the script may print nothing, in milliseconds. */
  readonly silence: number
  /** How long it may run, in milliseconds. */
  readonly total: number
}

const MIB = 2 ** 20
const MINUTE_MS = 60_000

/**
 * For scripts that only read. Most of them print their results one by one, and each program in them ends within seconds:
 * docker itself is given 30 at the most. So the silence is far longer than any of them needs on a slow host.
 */
export const READ_LIMITS: RunLimits = { bytes: 8 * MIB, lines: 100_000, silence: 3 * MINUTE_MS, total: 10 * MINUTE_MS }

/**
 * Facts include files such as /etc/passwd, up to `longest_file` in `fact-functions.sh`, in base64. Counting the contents of
 * dockerd's data folder takes long on a slow disk, and prints nothing before its end.
 */
export const FACTS_LIMITS: RunLimits = {
  ...READ_LIMITS,
  bytes: 48 * MIB,
  silence: 5 * MINUTE_MS,
  total: 15 * MINUTE_MS,
}

/** For scripts that restart dockerd (90 seconds at the most) and wait for the disk (sync(1)). They print nothing meanwhile. */
export const CHANGE_LIMITS: RunLimits = { ...READ_LIMITS, silence: 10 * MINUTE_MS, total: 10 * MINUTE_MS }

/** For the copy of docker-mtls, some MiB over a slow connection. Its script prints nothing before its end. */
export const COPY_LIMITS: RunLimits = { ...READ_LIMITS, silence: 30 * MINUTE_MS, total: 30 * MINUTE_MS }

/** Longer than an apply needs before it starts its timer, and than the rollback that the timer starts. */
const BESIDE_TIMER_MS = 4 * MINUTE_MS

/**
 * For the transaction of an apply. Once its timer runs, the host itself ends it.
 *
 * @param after - the seconds until the timer rolls back
 */
export function transactionLimits(after: number): RunLimits {
  const total = after * 1000 + BESIDE_TIMER_MS
  return { ...CHANGE_LIMITS, silence: total, total }
}
