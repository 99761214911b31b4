import { INIT, INSPECT, JOIN, LEAVE, UNLOCK, UNLOCK_KEY, UPDATE } from './operations.ts'
import type { SwarmLeaveOptions, SwarmUpdateOptions } from './options.ts'
import type { RequestOptions, Send } from '../send.ts'
import type {
  SwarmInitRequest,
  SwarmInspect,
  SwarmJoinRequest,
  SwarmSpec,
  SwarmUnlockKeyResponse,
  SwarmUnlockRequest,
} from './types.ts'

/**
 * The swarm that the daemon is a node of: `docker.swarm`. All but `join`, `leave` and `unlock` are asked of a manager.
 *
 * @example
 * ```ts
 * await docker.swarm.init({ ListenAddr: '0.0.0.0:2377', AdvertiseAddr: '192.0.2.1' })
 * const { Spec, Version, JoinTokens } = await docker.swarm.inspect()
 * const worker = await connect({ host: 'tcp://worker01:2376', certPath: '/etc/deploy/docker' })
 * await worker.swarm.join({
 *   ListenAddr: '0.0.0.0:2377',
 *   RemoteAddrs: ['192.0.2.1:2377'],
 *   JoinToken: JoinTokens.Worker,
 * })
 * await docker.swarm.update(Spec, { version: Version.Index, rotateWorkerToken: true })
 * ```
 */
export class Swarm {
  readonly #send: Send

  /** @internal */
  constructor(send: Send) {
    this.#send = send
  }

  /**
   * Looks at the swarm, with the tokens to join it (`GET /swarm`).
   *
   * @throws {@link UnavailableError} where the daemon is no manager of a swarm, or is locked
   */
  inspect(options: RequestOptions = {}): Promise<SwarmInspect> {
    return this.#send.json(INSPECT, { options })
  }

  /**
   * Makes a swarm with this daemon as its first manager (`POST /swarm/init`).
   *
   * @returns the id of its node
   * @throws {@link UnavailableError} where it is a node of a swarm already
   * @throws {@link BadRequestError} for addresses that can't be listened on, or where there are several to choose from
   */
  init(swarm: SwarmInitRequest, options: RequestOptions = {}): Promise<string> {
    return this.#send.json(INIT, { body: swarm, options })
  }

  /**
   * Joins a swarm (`POST /swarm/join`), as what the token says. The daemon tries for 20 s, and goes on in the background.
   *
   * @throws {@link UnavailableError} where it is a node of a swarm already, or no manager has answered so far
   * @throws {@link BadRequestError} where the token is refused, and {@link ServerError} where it is none
   */
  join(swarm: SwarmJoinRequest, options: RequestOptions = {}): Promise<void> {
    return this.#send.none(JOIN, { body: swarm, options })
  }

  /**
   * Leaves the swarm (`POST /swarm/leave`): its tasks end here, and what the node knows of the swarm is removed. A
   * manager stays in the list of nodes until {@link Nodes.remove}.
   *
   * @throws {@link UnavailableError} where the daemon is no node of a swarm, or a manager leaves without `force`
   */
  leave(options: SwarmLeaveOptions = {}): Promise<void> {
    return this.#send.none(LEAVE, { options })
  }

  /**
   * Changes how the swarm is set up, and exchanges its tokens and keys (`POST /swarm/update`).
   *
   * @param spec - all of it: what {@link Swarm.inspect} gives, with the changes
   * @throws {@link ConflictError} where it has changed since `version`
   */
  update(spec: SwarmSpec, options: SwarmUpdateOptions): Promise<void> {
    return this.#send.none(UPDATE, { body: spec, options })
  }

  /** Gets the key that unlocks managers, a secret; it is empty where they don't lock (`GET /swarm/unlockkey`). */
  unlockKey(options: RequestOptions = {}): Promise<SwarmUnlockKeyResponse> {
    return this.#send.json(UNLOCK_KEY, { options })
  }

  /**
   * Unlocks a manager that has just started (`POST /swarm/unlock`).
   *
   * @throws {@link UnauthorizedError} for another key
   * @throws {@link ConflictError} where it isn't locked
   */
  unlock(key: SwarmUnlockRequest, options: RequestOptions = {}): Promise<void> {
    return this.#send.none(UNLOCK, { body: key, options })
  }
}
