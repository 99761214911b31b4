import type { ContainerFacts } from '../snapshot/container-schema.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { reported } from '../verdict.ts'
import { parseBind } from '../../container/bind.ts'
import { hostMounts, type HostMounts } from './mounts.ts'

/**
 * The paths of the host that a container took from another one with `VolumesFrom`: those that it didn't request itself. So
 * the other container may be gone.
 */
export function inheritedMounts(inspect: ContainerFacts, snapshot: Snapshot): HostMounts {
  const binds = reported(inspect.HostConfig?.Binds, 'HostConfig.Binds').map((bind) =>
    clean(parseBind(bind).destination),
  )
  const requested = reported(inspect.HostConfig?.Mounts, 'HostConfig.Mounts').map(({ Target }) => clean(Target ?? ''))
  const own = new Set([...binds, ...requested])
  const { mounts, unseen } = hostMounts(inspect, snapshot)
  return { mounts: mounts.filter(({ destination }) => !own.has(clean(destination))), unseen }
}

function clean(path: string): string {
  return path.replace(/\/+/g, '/').replace(/(?<=.)\/$/, '')
}
