import { CREATE, INSPECT, LIST, REMOVE, UPDATE } from './operations.ts'
import type {
  ConfigListOptions,
  ConfigUpdateOptions,
  Config,
  ConfigCreateRequest,
  ConfigCreateResponse,
  ConfigSpec,
} from './types.ts'
import { withPayload } from '../secrets/payload.ts'
import type { FieldOptions, RequestOptions, Send } from '../send.ts'

/**
 * Configs of a swarm: `docker.configs`. Only managers answer these calls. Other daemons throw an
 * {@link UnavailableError}.
 *
 * @example
 * ```ts
 * const { ID } = await docker.configs.create({ Name: 'site-1', Data: await readFile('site.conf') })
 * const File = { Name: '/etc/site.conf', UID: '0', GID: '0', Mode: 0o444 }
 * await docker.services.create({
 *   TaskTemplate: {
 *     ContainerSpec: {
 *       Image: 'registry.example.com/web:1',
 *       Configs: [{ ConfigID: ID, ConfigName: 'site-1', File }],
 *     },
 *   },
 * })
 * ```
 */
export class Configs {
  readonly #send: Send

  /** @internal */
  constructor(send: Send) {
    this.#send = send
  }

  /** Lists configs (`GET /configs`). */
  list(options: ConfigListOptions = {}): Promise<readonly Config[]> {
    return this.#send.json(LIST, { options })
  }

  /**
   * Creates a config (`POST /configs/create`).
   *
   * @throws {@link ConflictError} if the name is in use
   * @throws {@link BadRequestError} for data that are empty, too long, or not base64
   */
  async create(config: ConfigCreateRequest, options: FieldOptions = {}): Promise<ConfigCreateResponse> {
    return this.#send.json(CREATE, { body: withPayload(config), options })
  }

  /**
   * Returns a config with its data (`GET /configs/{id}`).
   *
   * @param id - its id or name
   * @throws {@link NotFoundError} if there is no config of that name
   */
  inspect(id: string, options: RequestOptions = {}): Promise<Config> {
    return this.#send.json(INSPECT, { ids: [id], options })
  }

  /**
   * Changes a config's labels (`POST /configs/{id}/update`). Nothing else can be changed: create a new config instead.
   *
   * @param id - its id or name
   * @param spec - the result of {@link Configs.inspect} with other labels
   * @throws {@link NotFoundError} if there is no config of that name
   * @throws {@link BadRequestError} if something other than the labels differs
   * @throws {@link ConflictError} if it has changed since `version`
   */
  update(id: string, spec: ConfigSpec, options: ConfigUpdateOptions): Promise<void> {
    return this.#send.none(UPDATE, { ids: [id], body: spec, options })
  }

  /**
   * Removes a config (`DELETE /configs/{id}`).
   *
   * @param id - its id or name
   * @throws {@link NotFoundError} if there is no config of that name
   * @throws {@link BadRequestError} if a service uses it
   */
  remove(id: string, options: RequestOptions = {}): Promise<void> {
    return this.#send.none(REMOVE, { ids: [id], options })
  }
}
