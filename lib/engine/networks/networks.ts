import { CONNECT, CREATE, DISCONNECT, INSPECT, LIST, PRUNE, REMOVE } from './operations.ts'
import type { NetworkInspectOptions, NetworkListOptions, NetworkPruneOptions } from './options.ts'
import type { RequestOptions, Send } from '../send.ts'
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
   * Looks at a network and at what is in it (`GET /networks/{id}`).
   *
   * @throws {@link NotFoundError} where there is none of that id or name
   */
  inspect(id: string, options: NetworkInspectOptions = {}): Promise<NetworkInspect> {
    return this.#send.json(INSPECT, { ids: [id], options })
  }

  /**
   * Makes a network (`POST /networks/create`).
   *
   * @throws {@link ConflictError} where there is one of that name
   * @throws {@link ForbiddenError} for a name that every daemon has (403), for a range that overlaps, and for an overlay
   *   network outside of a swarm
   * @throws {@link NotFoundError} where there is no such driver
   */
  create(network: NetworkCreateRequest, options: RequestOptions = {}): Promise<NetworkCreateResponse> {
    return this.#send.json(CREATE, { body: network, options })
  }

  /**
   * Puts a container into a network (`POST /networks/{id}/connect`).
   *
   * @throws {@link NotFoundError} where there is no such network or container
   * @throws {@link ForbiddenError} where it is in there already, or may not be
   */
  connect(id: string, container: NetworkConnectRequest, options: RequestOptions = {}): Promise<void> {
    return this.#send.none(CONNECT, { ids: [id], body: container, options })
  }

  /**
   * Takes a container out of a network (`POST /networks/{id}/disconnect`).
   *
   * @throws {@link NotFoundError} where there is no such network or container
   * @throws {@link ForbiddenError} where it isn't in there
   */
  disconnect(id: string, container: NetworkDisconnectRequest, options: RequestOptions = {}): Promise<void> {
    return this.#send.none(DISCONNECT, { ids: [id], body: container, options })
  }

  /**
   * Removes a network (`DELETE /networks/{id}`).
   *
   * @throws {@link ForbiddenError} while a container is in it, and for one that every daemon has
   * @throws {@link NotFoundError} where there is none of that id or name
   */
  remove(id: string, options: RequestOptions = {}): Promise<void> {
    return this.#send.none(REMOVE, { ids: [id], options })
  }

  /** Removes the networks that no container uses, but none that every daemon has (`POST /networks/prune`). */
  prune(options: NetworkPruneOptions = {}): Promise<NetworkPruneResponse> {
    return this.#send.json(PRUNE, { options })
  }
}
