import { IN_FORCE_PATH, parseInForce } from '../../daemon-config/gateway-in-force.ts'
import type { HostFacts } from '../../host/facts.ts'
import { sumOf } from '../changes.ts'

/**
 * The files that a gateway doesn't use as they are. It uses a changed file within a second, unless it can't.
 *
 * @param pid - of the service
 * @param paths - the files, as they were read
 * @returns undefined if the gateway doesn't say: it doesn't run, or an earlier release has written its unit
 */
export function filesNotInForce(facts: HostFacts, pid: number, paths: readonly string[]): string[] | undefined {
  const said = parseInForce(facts.file(IN_FORCE_PATH)?.text)
  if (said === undefined || said.pid !== pid || pid === 0) return undefined
  return paths.filter((path) => {
    const file = facts.file(path)
    return (file && sumOf(file)) !== said.sums.get(path)
  })
}
