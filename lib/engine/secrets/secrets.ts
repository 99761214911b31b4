import { CREATE, INSPECT, LIST, REMOVE, UPDATE } from './operations.ts'
import type {
  SecretListOptions,
  SecretUpdateOptions,
  Secret,
  SecretCreateRequest,
  SecretCreateResponse,
  SecretSpec,
} from './types.ts'
import { withPayload } from './payload.ts'
import type { FieldOptions, RequestOptions, Send } from '../send.ts'

/**
 * Secrets of a swarm: `docker.secrets`. Only managers answer these calls. Other daemons throw an
 * {@link UnavailableError}.
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
   * Creates a secret (`POST /secrets/create`).
   *
   * @throws {@link ConflictError} if the name is in use
   * @throws {@link BadRequestError} for data that are empty, too long, or not base64
   */
  async create(secret: SecretCreateRequest, options: FieldOptions = {}): Promise<SecretCreateResponse> {
    return this.#send.json(CREATE, { body: withPayload(secret), options })
  }

  /**
   * Returns the details of a secret, without its data (`GET /secrets/{id}`).
   *
   * @param id - its id or name
   * @throws {@link NotFoundError} if there is no secret of that name
   */
  inspect(id: string, options: RequestOptions = {}): Promise<Secret> {
    return this.#send.json(INSPECT, { ids: [id], options })
  }

  /**
   * Changes a secret's labels (`POST /secrets/{id}/update`). Nothing else can be changed: create a new secret instead.
   *
   * @param id - its id or name
   * @param spec - the result of {@link Secrets.inspect} with other labels
   * @throws {@link NotFoundError} if there is no secret of that name
   * @throws {@link BadRequestError} if something other than the labels differs
   * @throws {@link ConflictError} if it has changed since `version`
   */
  update(id: string, spec: SecretSpec, options: SecretUpdateOptions): Promise<void> {
    return this.#send.none(UPDATE, { ids: [id], body: spec, options })
  }

  /**
   * Removes a secret (`DELETE /secrets/{id}`).
   *
   * @param id - its id or name
   * @throws {@link NotFoundError} if there is no secret of that name
   * @throws {@link BadRequestError} if a service uses it
   */
  remove(id: string, options: RequestOptions = {}): Promise<void> {
    return this.#send.none(REMOVE, { ids: [id], options })
  }
}
