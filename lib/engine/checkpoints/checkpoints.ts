import { CREATE, LIST, REMOVE } from './operations.ts'
import type { CheckpointOptions } from '../containers/options.ts'
import type { RequestOptions, Send } from '../send.ts'
import type { Checkpoint, CheckpointCreateRequest } from './types.ts'

/**
 * Checkpoints of containers: `docker.checkpoints`. The daemon has them only as an experiment (`"experimental": true`),
 * where CRIU is installed on its host, and answers 501 otherwise. {@link Containers.start} goes on from one.
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
   * @throws {@link NotFoundError} where there is no such container
   * @throws {@link DockerApiError} 501, where the daemon has no experimental features
   * @throws {@link ConflictError} where it doesn't run
   * @throws {@link ServerError} where CRIU fails or isn't there
   */
  create(id: string, checkpoint: CheckpointCreateRequest, options: RequestOptions = {}): Promise<void> {
    return this.#send.none(CREATE, { ids: [id], body: checkpoint, options })
  }

  /** Lists a container's checkpoints (`GET /containers/{id}/checkpoints`). */
  async list(id: string, options: CheckpointOptions = {}): Promise<readonly Checkpoint[]> {
    // The daemon says null for none.
    return (await this.#send.json<readonly Checkpoint[] | null>(LIST, { ids: [id], options })) ?? []
  }

  /** Removes a checkpoint (`DELETE /containers/{id}/checkpoints/{checkpoint}`). */
  remove(id: string, checkpoint: string, options: CheckpointOptions = {}): Promise<void> {
    return this.#send.none(REMOVE, { ids: [id, checkpoint], options })
  }
}
