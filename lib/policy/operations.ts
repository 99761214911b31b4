import * as checkpoints from '../engine/checkpoints/operations.ts'
import * as configs from '../engine/configs/operations.ts'
import * as containers from '../engine/containers/operations.ts'
import * as distribution from '../engine/distribution/operations.ts'
import * as exec from '../engine/exec/operations.ts'
import * as images from '../engine/images/operations.ts'
import * as networks from '../engine/networks/operations.ts'
import * as nodes from '../engine/nodes/operations.ts'
import type { Operation } from '../engine/operation.ts'
import * as plugins from '../engine/plugins/operations.ts'
import * as secrets from '../engine/secrets/operations.ts'
import * as services from '../engine/services/operations.ts'
import * as session from '../engine/session/operations.ts'
import * as swarm from '../engine/swarm/operations.ts'
import * as system from '../engine/system/operations.ts'
import * as tasks from '../engine/tasks/operations.ts'
import * as volumes from '../engine/volumes/operations.ts'

/** The views of an operation that the engine has for its own methods: the request is the same. */
const VIEWS: ReadonlySet<Operation> = new Set([images.PULL, images.IMPORT, images.BUILD_PRUNE_1_47])

/**
 * Removes the link with the name of a container and an alias, `web/db`. Without `link`, dockerd would remove the container to which it leads
 * (moby, daemon/delete.go).
 */
export const REMOVE_LINK: Operation = { ...containers.REMOVE, path: '/containers/{id}/{alias}' }

/** All operations of the Engine API, one for each method and path. */
export const OPERATIONS: readonly Operation[] = [
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
  .flatMap((resource): Operation[] => Object.values(resource))
  .filter((operation) => !VIEWS.has(operation))

/** The names of all operations, as policies write them. Two ways to save images share one. */
export const OPERATION_NAMES: readonly string[] = [
  ...new Set(
    OPERATIONS.flatMap((operation) => (operation === images.CREATE ? [images.PULL, images.IMPORT] : [operation])).map(
      ({ name }) => name,
    ),
  ),
].toSorted()

/**
 * The operation by its name for policies: `POST /images/create` pulls an image, or imports one. dockerd pulls if there is an
 * image to pull, whatever else is there (moby, api/server/router/image).
 */
export function namedOperation(operation: Operation, query: ReadonlyMap<string, readonly string[]>): Operation {
  if (operation !== images.CREATE) return operation
  return (query.get('fromImage')?.[0] ?? '') === '' ? images.IMPORT : images.PULL
}
