import type { Operation } from '../../engine/operation.ts'
import * as checkpoints from '../../engine/checkpoints/operations.ts'
import * as configs from '../../engine/configs/operations.ts'
import * as containers from '../../engine/containers/operations.ts'
import * as distribution from '../../engine/distribution/operations.ts'
import * as exec from '../../engine/exec/operations.ts'
import * as images from '../../engine/images/operations.ts'
import * as networks from '../../engine/networks/operations.ts'
import * as nodes from '../../engine/nodes/operations.ts'
import * as plugins from '../../engine/plugins/operations.ts'
import * as secrets from '../../engine/secrets/operations.ts'
import * as services from '../../engine/services/operations.ts'
import * as session from '../../engine/session/operations.ts'
import * as swarm from '../../engine/swarm/operations.ts'
import * as system from '../../engine/system/operations.ts'
import * as tasks from '../../engine/tasks/operations.ts'
import * as volumes from '../../engine/volumes/operations.ts'

const RESOURCES: readonly object[] = [
  checkpoints,
  configs,
  containers,
  distribution,
  exec,
  images,
  networks,
  nodes,
  plugins,
  secrets,
  services,
  session,
  swarm,
  system,
  tasks,
  volumes,
]

/** The names of all operations of the Engine API. Several operations may share one: `images.save`. */
export const OPERATION_NAMES: readonly string[] = [
  ...new Set(RESOURCES.flatMap((resource) => Object.values(resource).filter(isOperation)).map(({ name }) => name)),
].toSorted()

function isOperation(value: unknown): value is Operation {
  return typeof value === 'object' && value !== null && 'method' in value && 'path' in value
}
