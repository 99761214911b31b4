import { INIT, INSPECT, JOIN, LEAVE, UNLOCK, UNLOCK_KEY, UPDATE } from './operations.ts'
import type {
  SwarmLeaveOptions,
  SwarmUpdateOptions,
  SwarmInitRequest,
  SwarmInspect,
  SwarmJoinRequest,
  SwarmSpec,
  SwarmUnlockKeyResponse,
  SwarmUnlockRequest,
} from './types.ts'
import type { FieldOptions, RequestOptions, Send } from '../send.ts'

/**
 * The swarm that the daemon is a node of: `docker.swarm`. All calls but `init`, `join`, `leave` and `unlock` need a
 * manager.
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
   * Returns all details of the swarm with its join tokens (`GET /swarm`).
   *
   * @throws {@link UnavailableError} if the daemon isn't a manager of a swarm, or is locked
   */
  inspect(options: RequestOptions = {}): Promise<SwarmInspect> {
    return this.#send.json(INSPECT, { options })
  }

  /**
   * Creates a swarm with this daemon as its first manager (`POST /swarm/init`).
   *
   * @returns the id of its node
   * @throws {@link UnavailableError} if it is already in a swarm
   * @throws {@link BadRequestError} if it can't listen on the address, or if you must choose one of several
   */
  init(swarm: SwarmInitRequest, options: FieldOptions = {}): Promise<string> {
    return this.#send.json(INIT, { body: swarm, options })
  }

  /**
   * Joins a swarm as a worker or a manager, depending on the token (`POST /swarm/join`). After 20 s the daemon
   * continues to try in the background.
   *
   * @throws {@link UnavailableError} if it is already in a swarm, or if no manager has answered in time
   * @throws {@link BadRequestError} if the managers reject the token, and {@link ServerError} if it is malformed
   */
  join(swarm: SwarmJoinRequest, options: FieldOptions = {}): Promise<void> {
    return this.#send.none(JOIN, { body: swarm, options })
  }

  /**
   * Leaves the swarm (`POST /swarm/leave`). This stops its tasks on this node, and deletes the swarm's data there. A
   * manager stays in the list of nodes until {@link Nodes.remove}.
   *
   * @throws {@link UnavailableError} if the daemon isn't in a swarm, or is a manager and `force` isn't set
   */
  leave(options: SwarmLeaveOptions = {}): Promise<void> {
    return this.#send.none(LEAVE, { options })
  }

  /**
   * Updates the settings of the swarm, and rotates its tokens and keys (`POST /swarm/update`).
   *
   * @param spec - the complete settings: those of {@link Swarm.inspect} with your changes
   * @throws {@link ConflictError} if it has changed since `version`
   */
  update(spec: SwarmSpec, options: SwarmUpdateOptions): Promise<void> {
    return this.#send.none(UPDATE, { body: spec, options })
  }

  /** Returns the secret key that unlocks managers; empty if they aren't locked (`GET /swarm/unlockkey`). */
  unlockKey(options: RequestOptions = {}): Promise<SwarmUnlockKeyResponse> {
    return this.#send.json(UNLOCK_KEY, { options })
  }

  /**
   * Unlocks a manager that has just started (`POST /swarm/unlock`).
   *
   * @throws {@link UnauthorizedError} for a wrong key
   * @throws {@link ConflictError} if it isn't locked
   */
  unlock(key: SwarmUnlockRequest, options: FieldOptions = {}): Promise<void> {
    return this.#send.none(UNLOCK, { body: key, options })
  }
}
