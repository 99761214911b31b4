import type { Environment } from '../endpoint/environment.ts'
import { watchOutputs } from '../transport/given-streams.ts'
import type { Progress } from './stream/progress.ts'
import type { ProgressMessage } from './types/progress.ts'
import type { BuildEvent } from './workflows/build/events.ts'
import type { ShowProgressOptions } from './workflows/show-progress/options.ts'

/**
 * Awaits a pull, push, load or build, and shows its progress meanwhile: on a terminal with a line for each layer or step in
 * progress, else with a line for each change. Its output may be closed or blocked: the call goes on.
 *
 * Texts of the daemon, a registry or a build can't control the terminal. Write nothing else to that terminal meanwhile.
 *
 * @param progress - a call that hasn't begun
 * @param env - replaces `process.env`, for `NO_COLOR`, `FORCE_COLOR`, `TERM` and the locale
 * @returns the result of the call
 * @throws the error of the call
 * @throws {@link ArgumentError} for an unknown option, or a wrong value of one
 * @example
 * ```ts
 * const { ID } = await showProgress(docker.images.build('.', { t: 'app:1' }))
 * ```
 */
export async function showProgress<Result>(
  progress: Progress<BuildEvent, Result> | Progress<ProgressMessage, Result>,
  options: ShowProgressOptions = {},
  env: Environment = process.env,
): Promise<Result> {
  const unwatch = watchOutputs((options as ShowProgressOptions | null)?.output)
  try {
    const { checkShown, show } = await import('./workflows/show-progress/show.ts')
    return await show(progress, checkShown(progress, options), env)
  } finally {
    unwatch()
  }
}
