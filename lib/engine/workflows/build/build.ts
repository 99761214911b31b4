import { limitSignal } from '../../../base/abort.ts'
import { watchInput } from '../../../transport/given-streams.ts'
import { callTimeout } from '../../../transport/time-limits.ts'
import type { Send } from '../../send.ts'
import { Progress } from '../../stream/progress.ts'
import type { BuildEvent } from './events.ts'
import type { BuildSource, ImageBuildOptions, ImageBuildResult } from './options.ts'
import { checkBuildOptions, planBuild, type BuildPlan } from './plan.ts'

/**
 * Builds an image with BuildKit or the classic builder. Nothing is read or sent until you await it or loop over it.
 *
 * BuildKit reads the context through a session. It requests only files that it doesn't have, and can read the context
 * folder without the files in `.dockerignore`, the Dockerfile, the secrets of this build, and credentials. The classic
 * builder gets a tar. A build from a URL reads no local files.
 *
 * @throws {@link ArgumentError} for options that the builder doesn't have and would silently ignore
 * @throws {@link BuildError} for a context, Dockerfile or secret that can't be sent
 * @throws {@link BuildFailedError} for a failed step, with its name, the end of its output and its exit code
 */
export function build(
  send: Send,
  source: BuildSource,
  given: ImageBuildOptions = {},
): Progress<BuildEvent, ImageBuildResult> {
  watchInput(source)
  return new Progress(async function* run(closed): AsyncGenerator<BuildEvent, ImageBuildResult, undefined> {
    const options = checkBuildOptions(given)
    const { timeout, signal } = options
    const limited = limitSignal({ timeout, signal, closed, late: callTimeout('images.build()', timeout ?? 0) })
    try {
      return yield* runBuild(send, await planBuild(send, source, { ...options, signal: limited.signal }, given))
    } finally {
      limited.unlink()
    }
  })
}

/** Each builder is loaded only when it is used. */
async function* runBuild(send: Send, plan: BuildPlan): AsyncGenerator<BuildEvent, ImageBuildResult, undefined> {
  if (plan.builder === 'classic') return yield* (await import('./classic.ts')).runClassic(send, plan)
  return yield* (await import('./buildkit/run.ts')).runBuildkit(send, plan)
}
