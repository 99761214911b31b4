import { CONNECT, CREATE, DISCONNECT, INSPECT, LIST, PRUNE, REMOVE } from './operations.ts'
import type { NetworkInspectOptions, NetworkListOptions, NetworkPruneOptions } from './options.ts'
import type { FieldOptions, RequestOptions, Send } from '../send.ts'
import type { Ensured, EnsuredObject } from '../workflows/ensure/result.ts'
import type {
  NetworkConnectRequest,
  NetworkCreateRequest,
  NetworkCreateResponse,
  NetworkDisconnectRequest,
  NetworkInspect,
  NetworkPruneResponse,
  NetworkSummary,
} from './types/networks.ts'

/**
 * Networks: `docker.networks`.
 *
 * @example
 * ```ts
 * const { Id } = await docker.networks.create({ Name: 'web', Internal: true })
 * await docker.networks.connect(Id, { Container: id, EndpointConfig: { Aliases: ['db'] } })
 * console.log((await docker.networks.inspect(Id)).Containers)
 * ```
 */
export class Networks {
  readonly #send: Send

  /** @internal */
  constructor(send: Send) {
    this.#send = send
  }

  /** Lists networks, without the containers in them (`GET /networks`). */
  list(options: NetworkListOptions = {}): Promise<readonly NetworkSummary[]> {
    return this.#send.json(LIST, { options })
  }

  /**
   * Returns all details of a network and its containers (`GET /networks/{id}`).
   *
   * @throws {@link NotFoundError} if there is no network of that id or name
   */
  inspect(id: string, options: NetworkInspectOptions = {}): Promise<NetworkInspect> {
    return this.#send.json(INSPECT, { ids: [id], options })
  }

  /**
   * Creates a network (`POST /networks/create`).
   *
   * @throws {@link ConflictError} if the name is in use
   * @throws {@link ForbiddenError} for the name of a predefined network, an overlapping subnet, or an overlay network
   *   outside of a swarm
   * @throws {@link NotFoundError} if the driver doesn't exist
   */
  create(network: NetworkCreateRequest, options: FieldOptions = {}): Promise<NetworkCreateResponse> {
    return this.#send.json(CREATE, { body: network, options })
  }

  /**
   * Connects a container to a network (`POST /networks/{id}/connect`).
   *
   * @throws {@link NotFoundError} if the network or the container doesn't exist
   * @throws {@link ForbiddenError} if it is already connected, or can't be
   */
  connect(id: string, container: NetworkConnectRequest, options: FieldOptions = {}): Promise<void> {
    return this.#send.none(CONNECT, { ids: [id], body: container, options })
  }

  /**
   * Disconnects a container from a network (`POST /networks/{id}/disconnect`).
   *
   * @throws {@link NotFoundError} if the network or the container doesn't exist
   * @throws {@link ForbiddenError} if it isn't connected
   */
  disconnect(id: string, container: NetworkDisconnectRequest, options: FieldOptions = {}): Promise<void> {
    return this.#send.none(DISCONNECT, { ids: [id], body: container, options })
  }

  /**
   * Removes a network (`DELETE /networks/{id}`).
   *
   * @throws {@link ForbiddenError} if a container is connected to it, and for a predefined network
   * @throws {@link NotFoundError} if there is no network of that id or name
   */
  remove(id: string, options: RequestOptions = {}): Promise<void> {
    return this.#send.none(REMOVE, { ids: [id], options })
  }

  /**
   * Creates a network, unless one of this name exists. An existing one must have the requested settings; others don't matter.
   *
   * @throws {@link ConflictError} if the existing one differs in a requested setting
   * @throws the errors of {@link Networks.create}
   */
  async ensure(network: NetworkCreateRequest, options: RequestOptions = {}): Promise<EnsuredObject> {
    const { ensureNetwork } = await import('../workflows/ensure/networks.ts')
    return ensureNetwork({ networks: this, version: this.#send.version }, network, options)
  }

  /**
   * Removes a network, unless it doesn't exist.
   *
   * @throws {@link ForbiddenError} if a container is connected to it, and for a predefined network
   */
  async ensureRemoved(id: string, options: RequestOptions = {}): Promise<Ensured> {
    const { ensureNetworkRemoved } = await import('../workflows/ensure/networks.ts')
    return ensureNetworkRemoved(this, id, options)
  }

  /** Removes unused networks, except predefined ones (`POST /networks/prune`). */
  prune(options: NetworkPruneOptions = {}): Promise<NetworkPruneResponse> {
    return this.#send.json(PRUNE, { options })
  }
}
