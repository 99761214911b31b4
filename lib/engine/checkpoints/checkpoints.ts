import { CREATE, LIST, REMOVE } from './operations.ts'
import type { CheckpointOptions, Checkpoint, CheckpointCreateRequest } from './types.ts'
import type { FieldOptions, Send } from '../send.ts'

/**
 * Checkpoints of containers: `docker.checkpoints`. They need an experimental daemon (`"experimental": true`) and CRIU
 * on its host. Other daemons answer 501. {@link Containers.start} starts a container from a checkpoint.
 *
 * @example
 * ```ts
 * await docker.checkpoints.create('worker', { CheckpointID: 'warm', Exit: true })
 * await docker.containers.start('worker', { checkpoint: 'warm' })
 * ```
 */
export class Checkpoints {
  readonly #send: Send

  /** @internal */
  constructor(send: Send) {
    this.#send = send
  }

  /**
   * Writes a running container's processes to disk (`POST /containers/{id}/checkpoints`).
   *
   * @throws {@link NotFoundError} if the container doesn't exist
   * @throws {@link DockerApiError} with status 501 if the daemon isn't experimental
   * @throws {@link ConflictError} if it isn't running
   * @throws {@link ServerError} if CRIU fails or isn't installed
   */
  create(id: string, checkpoint: CheckpointCreateRequest, options: FieldOptions = {}): Promise<void> {
    return this.#send.none(CREATE, { ids: [id], body: checkpoint, options })
  }

  /** Lists a container's checkpoints (`GET /containers/{id}/checkpoints`). */
  async list(id: string, options: CheckpointOptions = {}): Promise<readonly Checkpoint[]> {
    // The daemon sends null for none.
    return (await this.#send.json<readonly Checkpoint[] | null>(LIST, { ids: [id], options })) ?? []
  }

  /** Removes a checkpoint (`DELETE /containers/{id}/checkpoints/{checkpoint}`). */
  remove(id: string, checkpoint: string, options: CheckpointOptions = {}): Promise<void> {
    return this.#send.none(REMOVE, { ids: [id, checkpoint], options })
  }
}
