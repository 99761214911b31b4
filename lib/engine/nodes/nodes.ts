import { INSPECT, LIST, REMOVE, UPDATE } from './operations.ts'
import type { NodeListOptions, NodeRemoveOptions, NodeUpdateOptions } from './options.ts'
import type { RequestOptions, Send } from '../send.ts'
import type { Node, NodeSpec } from './types.ts'

/**
 * The machines of a swarm: `docker.nodes`. All of it is asked of a manager; elsewhere it is an {@link UnavailableError}.
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
   * Looks at a node (`GET /nodes/{id}`). Which one the daemon itself is, `Swarm.NodeID` of {@link DockerClient.info} says.
   *
   * @param id - its id or its name
   * @throws {@link NotFoundError} where there is no such node
   */
  inspect(id: string, options: RequestOptions = {}): Promise<Node> {
    return this.#send.json(INSPECT, { ids: [id], options })
  }

  /**
   * Changes a node's labels, role or availability (`POST /nodes/{id}/update`). It returns when the change is agreed on,
   * not when it has been carried out.
   *
   * @param spec - all of it: what {@link Nodes.inspect} gives, with the changes
   * @throws {@link NotFoundError} where there is no such node
   * @throws {@link BadRequestError} where the last manager would become a worker
   * @throws {@link ConflictError} where it has changed since `version`
   */
  update(id: string, spec: NodeSpec, options: NodeUpdateOptions): Promise<void> {
    return this.#send.none(UPDATE, { ids: [id], body: spec, options })
  }

  /**
   * Takes a node out of the list (`DELETE /nodes/{id}`), one that has left, or is lost for ever.
   *
   * @throws {@link NotFoundError} where there is no such node
   * @throws {@link BadRequestError} while it is up, without `force`; and for a manager, which has to be demoted before
   */
  remove(id: string, options: NodeRemoveOptions = {}): Promise<void> {
    return this.#send.none(REMOVE, { ids: [id], options })
  }
}
