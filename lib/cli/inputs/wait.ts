import { isDockerMtlsError, sentencesOf } from '../../base/errors.ts'
import { runStep } from '../../base/progress.ts'
import { untilReady, type Patience } from '../../engine/until-ready.ts'
import type { Context } from '../command.ts'
import { withProgress } from '../terminal/progress.ts'

/**
 * Tries until an attempt succeeds or fails for good, or the time is over. Progress goes to stderr.
 *
 * @param attempt - connects once; connecting and the answer may each take `connectTimeout`
 * @throws the last error of `attempt`
 */
export async function untilConnected<Result>(
  patience: Pick<Patience, 'wait' | 'connectTimeout'>,
  context: Context,
  attempt: (connectTimeout: number) => Promise<Result>,
): Promise<Result> {
  const { signal } = context.io
  return withProgress(context, {}, (onStep) =>
    runStep(onStep, { step: 'wait', title: 'wait for the daemon' }, async (talk) => {
      const onFault = (error: unknown): void => talk.wait(`another attempt: ${reason(error, context)}`)
      return untilReady({ ...patience, signal, onFault }, attempt)
    }),
  )
}

function reason(error: unknown, { typed }: Context): string {
  return isDockerMtlsError(error) ? typed(sentencesOf(error).got) : String(error)
}
