import { NotFoundError } from '../../base/errors.ts'
import type { ContainerCreateOptions, PullPolicy } from '../containers/options.ts'
import { CREATE } from '../containers/operations.ts'
import type { ContainerCreateRequest, ContainerCreateResponse } from '../containers/types/create.ts'
import { isMessage, NO_SUCH_IMAGE } from '../daemon-messages.ts'
import { pull as pullImage } from '../images/pull.ts'
import { checkOptions } from '../call.ts'
import { checkOneOf } from '../query.ts'
import type { Send } from '../send.ts'
import { allInTime, type StepOptions } from './in-time.ts'

/** Any other value would mean `missing`. */
export function checkPull(of: string, pull: unknown): void {
  if (pull !== undefined) checkOneOf(`the option pull of ${of}`, pull, ['always', 'missing', 'never'])
}

/** Pulls an image before it is used, or when the daemon doesn't have it. */
export async function withImage<Result>(
  policy: PullPolicy,
  pull: () => PromiseLike<unknown>,
  use: () => Promise<Result>,
): Promise<Result> {
  if (policy === 'always') await pull()
  try {
    return await use()
  } catch (error) {
    if (policy !== 'missing' || !isMissingImage(error)) throw error
    await pull()
    return use()
  }
}

function isMissingImage(error: unknown): boolean {
  return error instanceof NotFoundError && isMessage(NO_SUCH_IMAGE, error.status, error.daemonMessage ?? '')
}

/** The options of a pull for a container. */
export function pullOptions({ platform, auth }: ContainerCreateOptions, step: StepOptions): object {
  return { ...step, ...(platform !== undefined && { platform }), ...(auth !== undefined && { auth }) }
}

/** Implements {@link Containers.create} with the option `pull`. */
export async function createPulling(
  send: Send,
  container: ContainerCreateRequest,
  options: ContainerCreateOptions,
): Promise<ContainerCreateResponse> {
  const { pull: policy = 'never', auth: _, timeout: __, ...others } = checkOptions(CREATE, options)
  checkPull('containers.create()', policy)
  await send.check(CREATE, { body: container, options })
  return allInTime('containers.create()', options, (step) =>
    withImage(
      policy,
      async () => pullImage(send, container.Image ?? '', pullOptions(options, step)),
      () => send.json(CREATE, { body: container, options: { ...others, ...step } }),
    ),
  )
}
