import { pause } from '../base/abort.ts'
import { CONNECT_TIMEOUT_MS } from '../transport/tls-policy.ts'
import { passingFaults } from './can-pass.ts'

/** Often enough for a person, and nothing for a daemon. */
const PAUSE_MS = 500
/** The last attempt gets at least this time. */
const SHORTEST_MS = 1000

/** How long to wait for the daemon. All times are milliseconds. */
export interface Patience {
  /** The time for all attempts. @defaultValue no limit */
  readonly wait: number | undefined
  /** The time for connecting in one attempt, and for the answer. @defaultValue 10 s */
  readonly connectTimeout?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Receives each failure that may pass. */
  readonly onFault?: (error: unknown) => void
}

/**
 * Tries until an attempt succeeds or fails for good, or the time is over.
 *
 * @param attempt - connects once; connecting and the answer may each take `connectTimeout`
 * @throws the last error of `attempt`, or the reason of the signal
 */
export async function untilReady<Result>(
  { wait = Infinity, connectTimeout = CONNECT_TIMEOUT_MS, signal, onFault }: Patience,
  attempt: (connectTimeout: number) => Promise<Result>,
): Promise<Result> {
  const deadline = performance.now() + wait
  const left = (): number => deadline - performance.now()
  const mayPass = passingFaults()
  for (let isLast = false; ;) {
    try {
      return await attempt(Math.min(connectTimeout, Math.max(left() / 2, SHORTEST_MS)))
    } catch (error) {
      const rest = left()
      if (!mayPass(error) || isLast || rest <= 0) throw error
      onFault?.(error)
      // The last attempt is made at the end of the time.
      isLast = rest <= PAUSE_MS
      await pause(Math.min(rest, PAUSE_MS), signal)
    }
  }
}
