import { INSPECT, LIST, REMOVE, UPDATE } from './operations.ts'
import type { NodeListOptions, NodeRemoveOptions, NodeUpdateOptions, Node, NodeSpec } from './types.ts'
import type { RequestOptions, Send } from '../send.ts'

/**
 * The machines of a swarm: `docker.nodes`. Only managers answer these calls. Other daemons throw an
 * {@link UnavailableError}.
 *
 * @example
 * ```ts
 * const { ID, Version, Spec } = await docker.nodes.inspect('build01')
 * await docker.nodes.update(ID, { ...Spec, Availability: 'drain' }, { version: Version.Index })
 * ```
 */
export class Nodes {
  readonly #send: Send

  /** @internal */
  constructor(send: Send) {
    this.#send = send
  }

  /** Lists nodes (`GET /nodes`). */
  list(options: NodeListOptions = {}): Promise<readonly Node[]> {
    return this.#send.json(LIST, { options })
  }

  /**
   * Returns all details of a node (`GET /nodes/{id}`). The daemon's own id is `Swarm.NodeID` of
   * {@link DockerClient.info}.
   *
   * @param id - its id or name
   * @throws {@link NotFoundError} if the node doesn't exist
   */
  inspect(id: string, options: RequestOptions = {}): Promise<Node> {
    return this.#send.json(INSPECT, { ids: [id], options })
  }

  /**
   * Changes a node's labels, role or availability (`POST /nodes/{id}/update`). It resolves when the managers have
   * accepted the change, before it takes effect.
   *
   * @param spec - the complete settings: those of {@link Nodes.inspect} with your changes
   * @throws {@link NotFoundError} if the node doesn't exist
   * @throws {@link BadRequestError} if the last manager would become a worker
   * @throws {@link ConflictError} if it has changed since `version`
   */
  update(id: string, spec: NodeSpec, options: NodeUpdateOptions): Promise<void> {
    return this.#send.none(UPDATE, { ids: [id], body: spec, options })
  }

  /**
   * Removes a node that has left the swarm or is lost (`DELETE /nodes/{id}`).
   *
   * @throws {@link NotFoundError} if the node doesn't exist
   * @throws {@link BadRequestError} if it is up and `force` isn't set, and for a manager. Demote managers first
   */
  remove(id: string, options: NodeRemoveOptions = {}): Promise<void> {
    return this.#send.none(REMOVE, { ids: [id], options })
  }
}
