import { authHeaderFor, type RegistryAuthSource } from '../../registry/headers.ts'
import { checkOptions, withDefaults } from '../call.ts'
import { CREATE, INSPECT, LIST, LOGS, REMOVE, UPDATE } from './operations.ts'
import type { LogsOptions } from '../logs-options.ts'
import { ALL_OUTPUT } from '../logs-query.ts'
import type {
  ServiceCreateOptions,
  ServiceInspectOptions,
  ServiceListOptions,
  ServiceUpdateOptions,
} from './options.ts'
import type { RequestOptions, Send } from '../send.ts'
import { outputStream } from '../stream/calls.ts'
import type { OutputOpening } from '../stream/output-opening.ts'
import type { Service, ServiceCreateResponse, ServiceSpec, ServiceUpdateResponse } from './types/services.ts'

/**
 * Services of a swarm: `docker.services`. Only managers answer these calls. Other daemons throw an
 * {@link UnavailableError}.
 *
 * @example
 * ```ts
 * const { ID } = await docker.services.create({
 *   Name: 'web',
 *   TaskTemplate: { ContainerSpec: { Image: 'registry.example.com/web:1' } },
 *   Mode: { Replicated: { Replicas: 2 } },
 * })
 * const { Spec, Version } = await docker.services.inspect(ID)
 * await docker.services.update(
 *   ID,
 *   { ...Spec, Mode: { Replicated: { Replicas: 3 } } },
 *   { version: Version.Index },
 * )
 * for await (const line of docker.services.logs(ID, { tail: 100 }).lines()) console.log(line)
 * ```
 */
export class Services {
  readonly #send: Send

  /** @internal */
  constructor(send: Send) {
    this.#send = send
  }

  /** Lists services (`GET /services`). */
  list(options: ServiceListOptions = {}): Promise<readonly Service[]> {
    return this.#send.json(LIST, { options })
  }

  /**
   * Creates a service (`POST /services/create`). It resolves when the managers have accepted it; its tasks start later.
   *
   * @throws {@link ConflictError} if the name is in use
   * @throws {@link BadRequestError} for an invalid specification
   * @throws {@link RegistryError} if the credentials of `auth` can't be read
   */
  async create(spec: ServiceSpec, options: ServiceCreateOptions = {}): Promise<ServiceCreateResponse> {
    const { auth } = checkOptions(CREATE, options)
    return this.#send.json(CREATE, { body: spec, options, headers: await authorization(auth, spec) })
  }

  /**
   * Returns all details of a service (`GET /services/{id}`).
   *
   * @throws {@link NotFoundError} if the service doesn't exist
   */
  inspect(id: string, options: ServiceInspectOptions = {}): Promise<Service> {
    return this.#send.json(INSPECT, { ids: [id], options })
  }

  /**
   * Updates a service (`POST /services/{id}/update`), or rolls back its last update. It resolves when the managers have
   * accepted the change; `UpdateStatus` of {@link Services.inspect} reports its progress.
   *
   * @param spec - the complete settings: those of {@link Services.inspect} with your changes
   * @throws {@link NotFoundError} if the service doesn't exist
   * @throws {@link BadRequestError} for an invalid specification
   * @throws {@link ConflictError} if it has changed since `version`
   * @throws {@link RegistryError} if the credentials of `auth` can't be read
   */
  async update(id: string, spec: ServiceSpec, options: ServiceUpdateOptions): Promise<ServiceUpdateResponse> {
    const { auth } = checkOptions(UPDATE, options)
    return this.#send.json(UPDATE, { ids: [id], body: spec, options, headers: await authorization(auth, spec) })
  }

  /**
   * Removes a service and its tasks (`DELETE /services/{id}`). The tasks are stopped later.
   *
   * @throws {@link NotFoundError} if the service doesn't exist
   */
  remove(id: string, options: RequestOptions = {}): Promise<void> {
    return this.#send.none(REMOVE, { ids: [id], options })
  }

  /**
   * Reads the output of all tasks of a service (`GET /services/{id}/logs`), with the log drivers `local`, `json-file`
   * and `journald`. The managers collect it from the nodes, so lines of different tasks arrive in no particular order.
   *
   * @throws {@link NotFoundError} if the service doesn't exist
   */
  logs(id: string, options: LogsOptions = {}): OutputOpening {
    const call = { ids: [id], options: withDefaults(options, ALL_OUTPUT) }
    return outputStream(this.#send, LOGS, call, () => this.#hasTerminal(id, options))
  }

  async #hasTerminal(id: string, { signal, timeout, idleTimeout }: RequestOptions): Promise<boolean> {
    const { Spec } = await this.inspect(id, { signal, timeout, idleTimeout })
    return Spec.TaskTemplate?.ContainerSpec?.TTY ?? false
  }
}

async function authorization(auth: RegistryAuthSource | undefined, spec: ServiceSpec): Promise<Record<string, string>> {
  if (auth === undefined) return {}
  const { ContainerSpec, PluginSpec } = spec.TaskTemplate ?? {}
  const header = await authHeaderFor(auth, ContainerSpec?.Image ?? PluginSpec?.remote ?? '')
  return header === undefined ? {} : { 'X-Registry-Auth': header }
}
