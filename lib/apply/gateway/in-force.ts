import { pause } from '../../base/abort.ts'
import { IN_FORCE_PATH, parseInForce } from '../../daemon-config/gateway-in-force.ts'
import type { HostFacts } from '../../host/facts.ts'
import { sumOf } from '../changes.ts'
import { parseGatewayState } from './state.ts'

/** Within this time, a gateway uses changed files. */
const RELOAD_MS = 1_500

/**
 * The files that a running gateway doesn't use as they are. It uses a changed file within a second, unless it can't.
 *
 * @param paths - the files, as they were read
 * @returns undefined if the gateway doesn't say: it doesn't run, or an earlier release has written its unit
 */
export function filesNotInForce(facts: HostFacts, paths: readonly string[]): string[] | undefined {
  const { pid } = parseGatewayState(facts.fact('gateway'))
  const said = parseInForce(facts.file(IN_FORCE_PATH)?.text)
  if (said === undefined || said.pid !== pid || pid === 0) return undefined
  return paths.filter((path) => {
    const file = facts.file(path)
    return (file && sumOf(file)) !== said.sums.get(path)
  })
}

/**
 * Gathers facts, and does so again if the gateway may still be reading files that have just changed.
 *
 * @param paths - the files of the gateway among them
 */
export async function settledFacts(
  gather: () => Promise<HostFacts>,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<HostFacts> {
  const facts = await gather()
  return filesNotInForce(facts, paths)?.length ? pause(RELOAD_MS, signal).then(gather) : facts
}
