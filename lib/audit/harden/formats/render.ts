import { safeJson } from '../../formats/foreign.ts'
import type { HardenedContainer } from '../plan.ts'
import { composeFile } from './compose.ts'
import { missingInCompose } from './compose-service.ts'
import { missingInRun, runCommand } from './run-command.ts'
import { withoutValues } from './withheld.ts'

/** How a hardened request is written: a `docker run` command, a Compose file, or the body of `POST /containers/create`. */
export type HardenedFormat = 'run' | 'compose' | 'api'

/** Options of {@link renderHardened}. */
export interface RenderHardenedOptions {
  /**
   * Writes the values of environment variables, and of options of logging and volume drivers. They may be secrets.
   *
   * @defaultValue `false`: variables come from a file, and the other values are replaced by their names
   */
  readonly showValues?: boolean | undefined
}

/**
 * Writes a hardened request. Foreign text in it can neither control a terminal nor leave its word of the command.
 *
 * @param hardened - from {@link hardenContainer}
 * @param format - `run`, `compose` or `api`
 * @example
 * ```ts
 * console.log(renderHardened(await hardenContainer(docker, 'web'), 'compose'))
 * ```
 */
export function renderHardened(
  { name, body }: Pick<HardenedContainer, 'name' | 'body'>,
  format: HardenedFormat,
  { showValues = false }: RenderHardenedOptions = {},
): string {
  const shown = showValues ? body : withoutValues(body)
  if (format === 'api') return safeJson(shown)
  return (format === 'run' ? runCommand : composeFile)(shown, { name, showValues })
}

/** Settings of a request that a format can't express. */
export function missingIn({ body }: Pick<HardenedContainer, 'body'>, format: HardenedFormat): string[] {
  if (format === 'api') return []
  return (format === 'run' ? missingInRun : missingInCompose)(body)
}
