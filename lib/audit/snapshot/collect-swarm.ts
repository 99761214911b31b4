import { z } from 'zod'
import { classifyConfig } from './config-data.ts'
import { read, type Collection } from './read.ts'
import type { Snapshot } from './snapshot.ts'
import { CONFIG, NODE, SERVICE, SWARM } from './swarm-schema.ts'

type SwarmParts = Pick<Snapshot, 'swarm' | 'nodes' | 'services' | 'configs'>

/** Reads the swarm, if this node is an active manager: all others refuse these calls. */
export async function collectSwarm(on: Collection, info: Snapshot['info']): Promise<SwarmParts> {
  const reason = whyNotAsked(info)
  if (reason !== undefined) {
    const part = { unknown: reason }
    return { swarm: part, nodes: part, services: part, configs: part }
  }
  const { docker, limits } = on
  const [swarm, nodes, services, configs] = await Promise.all([
    read(SWARM, on, () => docker.swarm.inspect(limits)),
    read(z.array(NODE), on, () => docker.nodes.list(limits)),
    read(z.array(SERVICE), on, () => docker.services.list(limits)),
    read(z.array(CONFIG), on, () => collectConfigs(on)),
  ])
  return { swarm, nodes, services, configs }
}

function whyNotAsked(info: Snapshot['info']): string | undefined {
  if ('unknown' in info) return info.unknown
  const { LocalNodeState, ControlAvailable } = info.value.Swarm ?? {}
  return LocalNodeState === 'active' && ControlAvailable === true ? undefined : 'the node is not an active manager'
}

/** Their data never leave this function. */
async function collectConfigs({ docker, limits }: Collection): Promise<z.infer<typeof CONFIG>[]> {
  const configs = await docker.configs.list(limits)
  return configs.map(({ ID, Spec }) => ({ id: ID, name: Spec.Name, holds: classifyConfig(Spec.Data) }))
}
