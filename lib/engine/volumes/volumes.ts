import { CREATE, INSPECT, LIST, PRUNE, REMOVE, UPDATE } from './operations.ts'
import type { VolumeListOptions, VolumePruneOptions, VolumeRemoveOptions, VolumeUpdateOptions } from './options.ts'
import type { FieldOptions, RequestOptions, Send } from '../send.ts'
import type { Ensured } from '../workflows/ensure/result.ts'
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
   * Creates a volume, or returns the existing one of that name (`POST /volumes/create`).
   *
   * @throws {@link ConflictError} if the existing one has another driver
   */
  create(volume: VolumeCreateRequest = {}, options: FieldOptions = {}): Promise<Volume> {
    return this.#send.json(CREATE, { body: volume, options })
  }

  /**
   * Returns all details of a volume (`GET /volumes/{name}`).
   *
   * @throws {@link NotFoundError} if there is no volume of that name
   */
  inspect(name: string, options: RequestOptions = {}): Promise<Volume> {
    return this.#send.json(INSPECT, { ids: [name], options })
  }

  /**
   * Updates a cluster volume of a swarm (`PUT /volumes/{name}`). Since API 1.42.
   *
   * @throws {@link NotFoundError} if the swarm has no such volume
   * @throws {@link UnavailableError} if the daemon isn't in a swarm
   */
  update(name: string, volume: VolumeUpdateRequest, options: VolumeUpdateOptions): Promise<void> {
    return this.#send.none(UPDATE, { ids: [name], body: volume, options })
  }

  /**
   * Removes a volume and its data (`DELETE /volumes/{name}`).
   *
   * @throws {@link ConflictError} if a container uses it
   */
  remove(name: string, options: VolumeRemoveOptions = {}): Promise<void> {
    return this.#send.none(REMOVE, { ids: [name], options })
  }

  /**
   * Creates a volume, unless one of this name exists. An existing one must have the requested driver, options and labels;
   * others don't matter. Unlike {@link Volumes.create}, it says whether it has created the volume.
   *
   * @throws {@link ConflictError} if the existing one differs in a requested setting
   */
  async ensure(
    volume: VolumeCreateRequest & { readonly Name: string },
    options: RequestOptions = {},
  ): Promise<Ensured> {
    const { ensureVolume } = await import('../workflows/ensure/volumes.ts')
    return ensureVolume(this, volume, options)
  }

  /**
   * Removes a volume and its data, unless it doesn't exist.
   *
   * @throws {@link ConflictError} if a container uses it
   */
  async ensureRemoved(name: string, options: RequestOptions = {}): Promise<Ensured> {
    const { ensureVolumeRemoved } = await import('../workflows/ensure/volumes.ts')
    return ensureVolumeRemoved(this, name, options)
  }

  /** Removes unused volumes (`POST /volumes/prune`). Default: only anonymous ones. */
  prune(options: VolumePruneOptions = {}): Promise<VolumePruneResponse> {
    return this.#send.json(PRUNE, { options })
  }
}
