import { checkOptions } from '../../base/options.ts'
import type { OnStep } from '../../base/progress.ts'
import type { DockerClient } from '../../engine/client.ts'
import { ArgumentError } from '../../base/errors.ts'
import { LONGEST_TIMER } from '../../base/abort.ts'
import { checkSkip, type HardenContainerOptions } from './harden-container.ts'
import type { ContainerCreateRequest } from '../../engine/containers/types/create.ts'
import type { Ran } from './trial/run-copy.ts'
import type { HardeningTrial } from './trial/trial.ts'

/** Options of {@link tryHardened}. */
export interface TryHardenedOptions extends HardenContainerOptions {
  /**
   * How long each copy is observed, in milliseconds. With a healthcheck, a copy that becomes healthy is not observed longer.
   *
   * @defaultValue 15000
   */
  readonly wait?: number | undefined
  /**
   * Gives the copies the writable volumes and folders of the original. Without it, they get new volumes, and folders of the
   * host only to read: two programs that write to the same data may damage it.
   *
   * @defaultValue `false`
   */
  readonly withVolumes?: boolean | undefined
  /** Receives each copy when it starts and when it ends. */
  readonly onStep?: OnStep | undefined
}

/** In milliseconds. */
export const WAIT_MS = 15_000

/**
 * Starts a hardened copy of a container beside it, to see whether it stays up, and removes it. If it fails, further copies
 * with fewer changes show what it needs: which capabilities, which writable folders, which other settings. No more than 40
 * copies are started, one after the other.
 *
 * A copy runs for real: it connects to the same databases and other containers as its original. It publishes no ports, has no
 * labels, no names in its networks and no writable mount of the original.
 *
 * @param docker - a connected client
 * @param container - its name or id
 * @throws `NotFoundError` if there is no such container
 * @throws {@link ArgumentError} for an invalid option
 * @throws the reason of the signal, after the copy was removed
 * @example
 * ```ts
 * const { outcome, needs, hardened } = await tryHardened(docker, 'web')
 * if (outcome !== 'inconclusive') console.log(needs, renderHardened(hardened, 'compose'))
 * ```
 */
export async function tryHardened(
  docker: DockerClient,
  container: string,
  options: TryHardenedOptions = {},
): Promise<HardeningTrial> {
  const known = ['skip', 'signal', 'wait', 'withVolumes', 'onStep'] satisfies (keyof TryHardenedOptions)[]
  checkOptions(options, known, 'tryHardened()')
  const { skip = [], signal, wait = WAIT_MS, withVolumes = false, onStep } = options
  checkSkip(skip)
  checkWait(wait)
  const { collectEvidence } = await import('./collect.ts')
  const { containerName } = await import('./create-request.ts')
  const { removeStaleCopies } = await import('./trial/stale-copies.ts')
  const { runCopy } = await import('./trial/run-copy.ts')
  const { tryPlan } = await import('./trial/trial.ts')
  const evidence = await collectEvidence(docker, container, signal)
  await removeStaleCopies(docker, new Date(), signal)
  const name = containerName(evidence.inspect)
  const mayEnd = !evidence.inspect.State.Running
  const run = (request: ContainerCreateRequest): Promise<Ran> =>
    runCopy(request, { docker, name, mayEnd, wait, signal })
  return tryPlan({ run, evidence, skip, wait, withVolumes, onStep })
}

function checkWait(wait: number): void {
  if (wait >= 1 && wait <= LONGEST_TIMER) return
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `observing a copy for ${wait} ms`,
    got: 'this is not a time that it can be observed for',
    todo: 'Give milliseconds, such as 15000.',
  })
}
