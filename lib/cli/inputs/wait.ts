import { isDockerMtlsError, sentencesOf } from '../../base/errors.ts'
import { pause } from '../../base/abort.ts'
import { canPass } from '../../engine/can-pass.ts'
import { CONNECT_TIMEOUT_MS } from '../../transport/tls-policy.ts'
import { runStep } from '../../base/progress.ts'
import type { Context } from '../command.ts'
import { withProgress } from '../terminal/progress.ts'

/** Often enough for a person, and nothing for a daemon. */
const PAUSE_MS = 500
/** The last attempt gets at least this time. */
const SHORTEST_MS = 1000

/** How long to wait for the daemon, and how long an attempt may take, in milliseconds. */
export interface Patience {
  readonly wait: number
  readonly connectTimeout: number | undefined
}

/**
 * Tries until an attempt succeeds or fails for good, or the time is over. Progress goes to stderr.
 *
 * @param attempt - connects once; connecting and the answer may each take `connectTimeout`
 * @throws the last error of `attempt`
 */
export async function untilConnected<Result>(
  { wait, connectTimeout = CONNECT_TIMEOUT_MS }: Patience,
  context: Context,
  attempt: (connectTimeout: number) => Promise<Result>,
): Promise<Result> {
  const deadline = performance.now() + wait
  const left = (): number => deadline - performance.now()
  return withProgress(context, {}, (onStep) =>
    runStep(onStep, { step: 'wait', title: 'wait for the daemon' }, async (talk) => {
      for (;;) {
        try {
          return await attempt(Math.min(connectTimeout, Math.max(left() / 2, SHORTEST_MS)))
        } catch (error) {
          if (!canPass(error) || left() < PAUSE_MS) throw error
          talk.wait(`another attempt: ${reason(error, context)}`)
          await pause(PAUSE_MS, context.io.signal)
        }
      }
    }),
  )
}

function reason(error: unknown, { typed }: Context): string {
  return isDockerMtlsError(error) ? typed(sentencesOf(error).got) : String(error)
}
