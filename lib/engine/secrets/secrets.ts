import { CREATE, INSPECT, LIST, REMOVE, UPDATE } from './operations.ts'
import type { SecretListOptions, SecretUpdateOptions } from './options.ts'
import { withPayload } from './payload.ts'
import type { RequestOptions, Send } from '../send.ts'
import type { Secret, SecretCreateRequest, SecretCreateResponse, SecretSpec } from './types.ts'

/**
 * Secrets of a swarm: `docker.secrets`. All of it is asked of a manager; elsewhere it is an {@link UnavailableError}.
 *
 * @example
 * ```ts
 * const { ID } = await docker.secrets.create({ Name: 'token', Data: Buffer.from(text) })
 * await docker.services.create({
 *   TaskTemplate: {
 *     ContainerSpec: {
 *       Image: 'registry.example.com/web:1',
 *       // In the container: /run/secrets/token
 *       Secrets: [
 *         { SecretID: ID, SecretName: 'token', File: { Name: 'token', UID: '0', GID: '0', Mode: 0o400 } },
 *       ],
 *     },
 *   },
 * })
 * ```
 */
export class Secrets {
  readonly #send: Send

  /** @internal */
  constructor(send: Send) {
    this.#send = send
  }

  /** Lists secrets, without their data (`GET /secrets`). */
  list(options: SecretListOptions = {}): Promise<readonly Secret[]> {
    return this.#send.json(LIST, { options })
  }

  /**
   * Makes a secret (`POST /secrets/create`).
   *
   * @throws {@link ConflictError} where one has that name
   * @throws {@link BadRequestError} for data that are no base64, too many, or none
   */
  async create(secret: SecretCreateRequest, options: RequestOptions = {}): Promise<SecretCreateResponse> {
    return this.#send.json(CREATE, { body: withPayload(secret), options })
  }

  /**
   * Looks at a secret, without its data (`GET /secrets/{id}`).
   *
   * @param id - its id or its name
   * @throws {@link NotFoundError} where there is none of that name
   */
  inspect(id: string, options: RequestOptions = {}): Promise<Secret> {
    return this.#send.json(INSPECT, { ids: [id], options })
  }

  /**
   * Changes a secret's labels (`POST /secrets/{id}/update`). Nothing else of it can be changed: make another one.
   *
   * @param id - its id or its name
   * @param spec - what {@link Secrets.inspect} gives, with other labels
   * @throws {@link NotFoundError} where there is none of that name
   * @throws {@link BadRequestError} where more than the labels is another
   * @throws {@link ConflictError} where it has changed since `version`
   */
  update(id: string, spec: SecretSpec, options: SecretUpdateOptions): Promise<void> {
    return this.#send.none(UPDATE, { ids: [id], body: spec, options })
  }

  /**
   * Removes a secret (`DELETE /secrets/{id}`).
   *
   * @param id - its id or its name
   * @throws {@link NotFoundError} where there is none of that name
   * @throws {@link BadRequestError} while a service uses it
   */
  remove(id: string, options: RequestOptions = {}): Promise<void> {
    return this.#send.none(REMOVE, { ids: [id], options })
  }
}
