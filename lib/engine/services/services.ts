import { authHeaderFor, type RegistryAuthSource } from '../../registry/headers.ts'
import { checkOptions, withDefaults } from '../call.ts'
import { CREATE, INSPECT, LIST, LOGS, REMOVE, UPDATE } from './operations.ts'
import type { LogsOptions } from '../logs-options.ts'
import type {
  ServiceCreateOptions,
  ServiceInspectOptions,
  ServiceListOptions,
  ServiceUpdateOptions,
} from './options.ts'
import type { RequestOptions, Send } from '../send.ts'
import { outputStream } from '../stream/calls.ts'
import type { OutputChunk } from '../stream/frames.ts'
import type { Opening } from '../stream/opening.ts'
import type { OutputStream } from '../stream/output.ts'
import type { Service, ServiceCreateResponse, ServiceSpec, ServiceUpdateResponse } from './types/services.ts'

/**
 * Services of a swarm: `docker.services`. All of it is asked of a manager; elsewhere it is an {@link UnavailableError}.
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
 * for await (const { line } of (await docker.services.logs(ID, { tail: 100 })).lines()) console.log(line)
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
   * Makes a service (`POST /services/create`). It returns when that is agreed on; its tasks start afterwards.
   *
   * @throws {@link ConflictError} where a service has that name
   * @throws {@link BadRequestError} for a specification that can't be
   * @throws {@link RegistryError} where the credentials of `auth` can't be had
   */
  async create(spec: ServiceSpec, options: ServiceCreateOptions = {}): Promise<ServiceCreateResponse> {
    const { auth } = checkOptions(CREATE, options)
    return this.#send.json(CREATE, { body: spec, options, headers: await authorization(auth, spec) })
  }

  /**
   * Looks at a service (`GET /services/{id}`).
   *
   * @throws {@link NotFoundError} where there is no such service
   */
  inspect(id: string, options: ServiceInspectOptions = {}): Promise<Service> {
    return this.#send.json(INSPECT, { ids: [id], options })
  }

  /**
   * Changes a service (`POST /services/{id}/update`), or goes back to what it was before the last change. It returns when
   * that is agreed on; `UpdateStatus` of {@link Services.inspect} says how far it is.
   *
   * @param spec - all of it: what {@link Services.inspect} gives, with the changes
   * @throws {@link NotFoundError} where there is no such service
   * @throws {@link BadRequestError} for a specification that can't be
   * @throws {@link ConflictError} where it has changed since `version`
   * @throws {@link RegistryError} where the credentials of `auth` can't be had
   */
  async update(id: string, spec: ServiceSpec, options: ServiceUpdateOptions): Promise<ServiceUpdateResponse> {
    const { auth } = checkOptions(UPDATE, options)
    return this.#send.json(UPDATE, { ids: [id], body: spec, options, headers: await authorization(auth, spec) })
  }

  /**
   * Removes a service and its tasks (`DELETE /services/{id}`). The tasks end afterwards.
   *
   * @throws {@link NotFoundError} where there is no such service
   */
  remove(id: string, options: RequestOptions = {}): Promise<void> {
    return this.#send.none(REMOVE, { ids: [id], options })
  }

  /**
   * Reads what all tasks of a service have written (`GET /services/{id}/logs`), for the log drivers `local`, `json-file`
   * and `journald`. The managers collect it from the nodes, so that lines of different tasks come in no certain order.
   *
   * @throws {@link NotFoundError} where there is no such service
   */
  logs(id: string, options: LogsOptions = {}): Opening<OutputChunk, OutputStream> {
    const call = { ids: [id], options: withDefaults(options, { stdout: true, stderr: true }) }
    return outputStream(this.#send, LOGS, call, () => this.#hasTerminal(id, options))
  }

  async #hasTerminal(id: string, { signal }: RequestOptions): Promise<boolean> {
    const { Spec } = await this.inspect(id, { signal })
    return Spec.TaskTemplate?.ContainerSpec?.TTY ?? false
  }
}

async function authorization(auth: RegistryAuthSource | undefined, spec: ServiceSpec): Promise<Record<string, string>> {
  if (auth === undefined) return {}
  const { ContainerSpec, PluginSpec } = spec.TaskTemplate ?? {}
  const header = await authHeaderFor(auth, ContainerSpec?.Image ?? PluginSpec?.remote ?? '')
  return header === undefined ? {} : { 'X-Registry-Auth': header }
}
