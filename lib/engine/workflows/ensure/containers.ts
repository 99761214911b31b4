import { DockerApiError, NotModifiedError } from '../../../base/errors.ts'
import { NOT_PAUSED, STARTS_PAUSED } from '../../../base/wordings/one-call.ts'
import type { Wording } from '../../../base/wordings/wording.ts'
import type { ContainerStopOptions } from '../../containers/options.ts'
import type { RequestOptions } from '../../request-options.ts'
import { removeContainer, type RemovalCalls } from '../clean-up.ts'
import type { StepOptions } from '../in-time.ts'
import { changing, ensuring } from './call.ts'
import type { ContainerEnsureRemovedOptions } from './options.ts'
import type { Ensured } from './result.ts'

/** The calls of containers that it needs. */
interface ContainerCalls extends RemovalCalls {
  start(id: string, options: RequestOptions): Promise<void>
  stop(id: string, options: ContainerStopOptions): Promise<void>
  unpause(id: string, options: RequestOptions): Promise<void>
}

/** Implements {@link Containers.ensureRunning}. */
export function ensureRunning(containers: ContainerCalls, id: string, options: RequestOptions): Promise<Ensured> {
  return ensuring('containers.ensureRunning()', options, async (step) => {
    try {
      return await changing(containers.start(id, step), NotModifiedError)
    } catch (error) {
      if (!isAnswer(error, STARTS_PAUSED)) throw error
      return unpause(containers, id, step)
    }
  })
}

async function unpause(containers: ContainerCalls, id: string, step: StepOptions): Promise<Ensured> {
  try {
    await containers.unpause(id, step)
    return { changed: true }
  } catch (error) {
    // Somebody else has unpaused it meanwhile.
    if (!isAnswer(error, NOT_PAUSED)) throw error
    return changing(containers.start(id, step), NotModifiedError)
  }
}

/** The status of these differs: 26.1.5 answers 409 to the start, and 500 to the second unpause. */
function isAnswer(error: unknown, { pattern }: Wording): boolean {
  return error instanceof DockerApiError && pattern.test(error.daemonMessage ?? '')
}

/** Implements {@link Containers.ensureStopped}. */
export function ensureStopped(containers: ContainerCalls, id: string, options: ContainerStopOptions): Promise<Ensured> {
  const { killSignal, t } = options
  const how = { ...(killSignal !== undefined && { killSignal }), ...(t !== undefined && { t }) }
  return ensuring(
    'containers.ensureStopped()',
    options,
    (step) => changing(containers.stop(id, { ...how, ...step }), NotModifiedError),
    ['killSignal', 't'],
  )
}

/** Implements {@link Containers.ensureRemoved}. */
export function ensureRemoved(
  containers: ContainerCalls,
  id: string,
  options: ContainerEnsureRemovedOptions,
): Promise<Ensured> {
  const { v = false } = options
  return ensuring(
    'containers.ensureRemoved()',
    options,
    async (step) => ({ changed: await removeContainer(containers, id, { ...step, v }) }),
    ['v'],
  )
}
