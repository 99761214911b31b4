import { ArgumentError } from '../../base/errors.ts'
import { checkOptions } from '../../base/options.ts'
import { enumerate, quoted } from '../../base/text.ts'
import type { DockerClient } from '../../engine/client.ts'
import { INIT } from '../hardened.ts'
import type { HardenedContainer } from './plan.ts'
import { REPAIRS } from './repairs.ts'

/** Options of {@link hardenContainer}. */
export interface HardenContainerOptions {
  /** Checks whose settings stay as they are, such as `C-RO`; `INIT` stands for `Init`. */
  readonly skip?: readonly string[] | undefined
  /** Aborts it. */
  readonly signal?: AbortSignal | undefined
}

/** The names that `skip` may have. */
export const HARDENABLE: readonly string[] = [...REPAIRS.map(({ check }) => check), INIT]

/**
 * Tells what a container would need to run with fewer rights: the request that would create it again, hardened as
 * {@link hardened} does. It only reads: the container, its image, what it has written, and what it uses.
 *
 * A limit of memory or processes is at least twice of what the container uses now. Folders that it has written to stay
 * writable beside a read-only root.
 *
 * @param docker - a connected client
 * @param container - its name or id
 * @throws `NotFoundError` if there is no such container
 * @throws {@link ArgumentError} for an unknown option or check
 * @example
 * ```ts
 * const plan = await hardenContainer(docker, 'web')
 * console.log(renderHardened(plan, 'run'))
 * ```
 */
export async function hardenContainer(
  docker: DockerClient,
  container: string,
  options: HardenContainerOptions = {},
): Promise<HardenedContainer> {
  checkOptions(options, ['skip', 'signal'] satisfies (keyof HardenContainerOptions)[], 'hardenContainer()')
  const { skip = [], signal } = options
  checkSkip(skip)
  const { collectEvidence } = await import('./collect.ts')
  const { planHardening } = await import('./plan.ts')
  return planHardening(await collectEvidence(docker, container, signal), { skip })
}

/** @throws {@link ArgumentError} */
export function checkSkip(skip: readonly string[]): void {
  const unknown = skip.find((name) => !HARDENABLE.includes(name))
  if (unknown === undefined) return
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `leaving out the change for ${quoted(unknown)}`,
    got: 'no change has this name',
    todo: `The names are ${enumerate(HARDENABLE)}.`,
  })
}
