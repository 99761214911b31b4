import type { ContainerFacts } from '../snapshot/container-schema.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { reported } from '../verdict.ts'
import { hostMounts, type HostMounts } from './mounts.ts'

/**
 * The paths of the host that a container took from another one with `VolumesFrom`: those that it didn't request itself. So
 * the other container may be gone.
 */
export function inheritedMounts(inspect: ContainerFacts, snapshot: Snapshot): HostMounts {
  const binds = reported(inspect.HostConfig?.Binds, 'HostConfig.Binds').map(destinationOf)
  const requested = reported(inspect.HostConfig?.Mounts, 'HostConfig.Mounts').map(({ Target }) => clean(Target ?? ''))
  const own = new Set([...binds, ...requested])
  const { mounts, unseen } = hostMounts(inspect, snapshot)
  return { mounts: mounts.filter(({ destination }) => !own.has(clean(destination))), unseen }
}

/** `SOURCE:DESTINATION:OPTIONS`, or the destination alone (moby, volume/mounts/linux_parser.go: ParseMountRaw). */
function destinationOf(bind: string): string {
  const [first = '', second] = bind.split(':')
  return clean(second?.startsWith('/') ? second : first)
}

function clean(path: string): string {
  return path.replace(/\/+/g, '/').replace(/(?<=.)\/$/, '')
}
