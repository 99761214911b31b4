import type { Send } from '../../send.ts'
import { Progress } from '../../stream/progress.ts'
import type { BuildEvent } from './events.ts'
import type { BuildSource, ImageBuildOptions, ImageBuildResult } from './options.ts'
import { planBuild } from './plan.ts'

/**
 * Builds an image, by BuildKit or by the classic builder. Nothing is read or sent before it is awaited or looped over.
 *
 * BuildKit reads the context through a session: it asks for what it lacks, and gets the folder that was named, without
 * what its `.dockerignore` names, the Dockerfile, the secrets of this build, and credentials. The classic builder gets
 * a tar. What is built from an address reads nothing here.
 *
 * @throws {@link ArgumentError} for options that the builder doesn't have, and that it would pass over in silence
 * @throws {@link BuildError} for a context, Dockerfile or secret that can't be sent
 * @throws {@link BuildFailedError} for a step that failed: with its name, the end of what it printed, and its exit code
 */
export function build(
  send: Send,
  source: BuildSource,
  options: ImageBuildOptions = {},
): Progress<BuildEvent, ImageBuildResult> {
  return new Progress(async function* run(): AsyncGenerator<BuildEvent, ImageBuildResult, undefined> {
    const plan = await planBuild(send, source, options)
    // Most programs build nothing, and fewer by the one builder and by the other.
    if (plan.builder === 'classic') return yield* (await import('./run-classic.ts')).runClassic(send, plan)
    return yield* (await import('./buildkit/run.ts')).runBuildkit(send, plan)
  })
}
