import { CREATE, INSPECT, LIST, PRUNE, REMOVE, UPDATE } from './operations.ts'
import type { VolumeListOptions, VolumePruneOptions, VolumeRemoveOptions, VolumeUpdateOptions } from './options.ts'
import type { RequestOptions, Send } from '../send.ts'
import type {
  Volume,
  VolumeCreateRequest,
  VolumeListResponse,
  VolumePruneResponse,
  VolumeUpdateRequest,
} from './types/volumes.ts'

/**
 * Volumes: `docker.volumes`.
 *
 * @example
 * ```ts
 * const { Name } = await docker.volumes.create({ Labels: { stage: 'test' } })
 * await docker.volumes.remove(Name)
 * await docker.volumes.prune({ filters: { label: 'stage=test' } })
 * ```
 */
export class Volumes {
  readonly #send: Send

  /** @internal */
  constructor(send: Send) {
    this.#send = send
  }

  /** Lists volumes (`GET /volumes`). */
  list(options: VolumeListOptions = {}): Promise<VolumeListResponse> {
    return this.#send.json(LIST, { options })
  }

  /**
   * Makes a volume, or finds the one that has its name (`POST /volumes/create`).
   *
   * @throws {@link ConflictError} where that one has another driver
   */
  create(volume: VolumeCreateRequest = {}, options: RequestOptions = {}): Promise<Volume> {
    return this.#send.json(CREATE, { body: volume, options })
  }

  /**
   * Looks at a volume (`GET /volumes/{name}`).
   *
   * @throws {@link NotFoundError} where there is none of that name
   */
  inspect(name: string, options: RequestOptions = {}): Promise<Volume> {
    return this.#send.json(INSPECT, { ids: [name], options })
  }

  /**
   * Changes a volume of the whole swarm (`PUT /volumes/{name}`). Since API 1.42.
   *
   * @throws {@link NotFoundError} where there is no such volume in the swarm
   * @throws {@link UnavailableError} outside of a swarm
   */
  update(name: string, volume: VolumeUpdateRequest, options: VolumeUpdateOptions): Promise<void> {
    return this.#send.none(UPDATE, { ids: [name], body: volume, options })
  }

  /**
   * Removes a volume and its data (`DELETE /volumes/{name}`).
   *
   * @throws {@link ConflictError} while a container uses it
   */
  remove(name: string, options: VolumeRemoveOptions = {}): Promise<void> {
    return this.#send.none(REMOVE, { ids: [name], options })
  }

  /** Removes the volumes that no container uses (`POST /volumes/prune`): anonymous ones alone, unless told otherwise. */
  prune(options: VolumePruneOptions = {}): Promise<VolumePruneResponse> {
    return this.#send.json(PRUNE, { options })
  }
}
