import type { Readable } from 'node:stream'
import { withDefaults } from '../call.ts'
import { ContainerArchive } from './archive.ts'
import * as operations from './operations.ts'
import { EVENTS } from '../system/operations.ts'
import type * as given from './options.ts'
import type { CopyEntry, CopyFromOptions, CopyToOptions } from '../workflows/copy/options.ts'
import type { WaitHealthyOptions } from '../workflows/wait-healthy-options.ts'
import type { RequestOptions, Send } from '../send.ts'
import type { AttachedStream } from '../stream/attached.ts'
import { attachedStream, jsonStream, outputStream, webSocketStream, type IsTty } from '../stream/calls.ts'
import type { OutputChunk } from '../stream/frames.ts'
import type { JsonStream } from '../stream/json-stream.ts'
import type { Opening } from '../stream/opening.ts'
import type { OutputStream } from '../stream/output.ts'
import type { ContainerInspect } from './types/inspect.ts'
import type { ContainerStats } from './types/stats.ts'
import type { ContainerSummary } from './types/summary.ts'
import type * as wire from './types/create.ts'

/** The API's own default is nothing at all. */
const ATTACHED = { stream: true, stdout: true, stderr: true }

/**
 * Containers: `docker.containers`. An id, its beginning or a name says which.
 *
 * @example
 * ```ts
 * const web = { Image: 'nginx', HostConfig: { Memory: 64 * 1024 ** 2 } }
 * const { Id } = await docker.containers.create(web, { name: 'web' })
 * await docker.containers.start(Id)
 * for await (const { line } of (await docker.containers.logs(Id, { follow: true, signal })).lines()) console.log(line)
 * ```
 */
export class Containers {
  /** Files of containers, as tars. */
  readonly archive: ContainerArchive
  readonly #send: Send

  /** @internal */
  constructor(send: Send) {
    this.#send = send
    this.archive = new ContainerArchive(send)
  }

  /** Lists containers (`GET /containers/json`): those that run, unless told otherwise. */
  list(options: given.ContainerListOptions = {}): Promise<readonly ContainerSummary[]> {
    return this.#send.json(operations.LIST, { options })
  }

  /**
   * Makes a container (`POST /containers/create`); {@link Containers.start} starts it.
   *
   * @throws {@link NotFoundError} where there is no such image
   * @throws {@link ConflictError} where the name is taken
   * @throws {@link BadRequestError} where a setting can't be meant
   */
  create(
    container: wire.ContainerCreateRequest,
    options: given.ContainerCreateOptions = {},
  ): Promise<wire.ContainerCreateResponse> {
    return this.#send.json(operations.CREATE, { body: container, options })
  }

  /**
   * All about a container (`GET /containers/{id}/json`).
   *
   * @throws {@link NotFoundError} where there is none
   */
  inspect(id: string, options: given.ContainerInspectOptions = {}): Promise<ContainerInspect> {
    return this.#send.json(operations.INSPECT, { ids: [id], options })
  }

  /**
   * Lists its processes (`GET /containers/{id}/top`).
   *
   * @throws {@link ConflictError} where it doesn't run
   */
  top(id: string, options: given.ContainerTopOptions = {}): Promise<wire.ContainerTop> {
    return this.#send.json(operations.TOP, { ids: [id], options })
  }

  /**
   * What it has said, and, with `follow`, what it says (`GET /containers/{id}/logs`). It may be silent for ever.
   *
   * @throws {@link NotFoundError} where there is none
   */
  logs(id: string, options: given.ContainerLogsOptions = {}): Opening<OutputChunk, OutputStream> {
    const call = { ids: [id], options: withDefaults(options, { stdout: true, stderr: true }) }
    return outputStream(this.#send, operations.LOGS, call, this.#isTty(id, options))
  }

  /** What differs from its image (`GET /containers/{id}/changes`). */
  async changes(id: string, options: RequestOptions = {}): Promise<readonly wire.FilesystemChange[]> {
    const call = { ids: [id], options }
    return (await this.#send.json<readonly wire.FilesystemChange[] | null>(operations.CHANGES, call)) ?? []
  }

  /**
   * All of its files as one tar (`GET /containers/{id}/export`), without what is mounted. Read it to its end, or
   * destroy it.
   */
  async export(id: string, options: RequestOptions = {}): Promise<Readable> {
    const { body } = await this.#send.stream(operations.EXPORT, { ids: [id], options })
    return body
  }

  /** What it uses, once a second, until it is removed (`GET /containers/{id}/stats`). */
  stats(id: string, options: RequestOptions = {}): Opening<ContainerStats, JsonStream<ContainerStats>> {
    return jsonStream(this.#send, operations.STATS, { ids: [id], options })
  }

  /** What it uses now (`GET /containers/{id}/stats`), and a second before. */
  statsOnce(id: string, options: given.ContainerStatsOnceOptions = {}): Promise<ContainerStats> {
    return this.#send.json(operations.STATS, { ids: [id], options: withDefaults(options, {}, { stream: false }) })
  }

  /** Tells it the size of its terminal (`POST /containers/{id}/resize`). */
  resize(id: string, options: given.ResizeOptions): Promise<void> {
    return this.#send.none(operations.RESIZE, { ids: [id], options })
  }

  /**
   * Starts it (`POST /containers/{id}/start`).
   *
   * @throws {@link NotModifiedError} where it runs already
   * @throws {@link BadRequestError} where its command can't be run
   */
  start(id: string, options: given.ContainerStartOptions = {}): Promise<void> {
    return this.#send.none(operations.START, { ids: [id], options })
  }

  /**
   * Ends it, gently first, and waits until it has ended (`POST /containers/{id}/stop`).
   *
   * @throws {@link NotModifiedError} where it doesn't run
   */
  stop(id: string, options: given.ContainerStopOptions = {}): Promise<void> {
    return this.#send.none(operations.STOP, { ids: [id], options })
  }

  /** Ends it, gently first, and starts it again (`POST /containers/{id}/restart`). */
  restart(id: string, options: given.ContainerStopOptions = {}): Promise<void> {
    return this.#send.none(operations.RESTART, { ids: [id], options })
  }

  /**
   * Sends it a signal (`POST /containers/{id}/kill`).
   *
   * @throws {@link ConflictError} where it doesn't run
   */
  kill(id: string, options: given.ContainerKillOptions = {}): Promise<void> {
    return this.#send.none(operations.KILL, { ids: [id], options })
  }

  /** Changes its limits while it runs (`POST /containers/{id}/update`). */
  update(
    id: string,
    change: wire.ContainerUpdateRequest,
    options: RequestOptions = {},
  ): Promise<wire.ContainerUpdateResponse> {
    return this.#send.json(operations.UPDATE, { ids: [id], body: change, options })
  }

  /**
   * Gives it another name (`POST /containers/{id}/rename`).
   *
   * @throws {@link ConflictError} where that is taken
   */
  rename(id: string, name: string, options: RequestOptions = {}): Promise<void> {
    return this.#send.none(operations.RENAME, { ids: [id], names: { name }, options })
  }

  /**
   * Freezes its processes (`POST /containers/{id}/pause`), which they don't notice.
   *
   * @throws {@link ConflictError} where it doesn't run, or is frozen
   */
  pause(id: string, options: RequestOptions = {}): Promise<void> {
    return this.#send.none(operations.PAUSE, { ids: [id], options })
  }

  /** Lets its processes go on (`POST /containers/{id}/unpause`). */
  unpause(id: string, options: RequestOptions = {}): Promise<void> {
    return this.#send.none(operations.UNPAUSE, { ids: [id], options })
  }

  /**
   * Its input and output on a connection of its own (`POST /containers/{id}/attach`). Attach before you start it, and
   * nothing of what it says is missed. For its input, make it with `OpenStdin` and `StdinOnce`, and attach with
   * `{ stdin: true }`.
   *
   * @throws {@link NotFoundError} where there is none
   * @throws {@link ConflictError} where it is paused
   */
  attach(id: string, options: given.ContainerAttachOptions = {}): Promise<AttachedStream> {
    const call = { ids: [id], options: withDefaults(options, ATTACHED) }
    return attachedStream(this.#send, operations.ATTACH, call, this.#isTty(id, options))
  }

  /**
   * The same as a web socket (`GET /containers/{id}/attach/ws`), for where a proxy lets nothing else pass. All output
   * comes as one raw stream, and the end of `stdin` isn't told: there is no half close.
   */
  async attachWebSocket(id: string, options: given.ContainerAttachOptions = {}): Promise<AttachedStream> {
    const call = { ids: [id], options: withDefaults(options, ATTACHED) }
    return webSocketStream(this.#send, operations.ATTACH_WEBSOCKET, call)
  }

  /**
   * Waits until it has ended (`POST /containers/{id}/wait`), however long that takes.
   *
   * @returns its exit code
   */
  wait(id: string, options: given.ContainerWaitOptions = {}): Promise<wire.ContainerWait> {
    return this.#send.json(operations.WAIT, { ids: [id], options })
  }

  /**
   * Removes it (`DELETE /containers/{id}`).
   *
   * @throws {@link ConflictError} where it runs and `force` isn't set, or while it is being removed
   */
  remove(id: string, options: given.ContainerRemoveOptions = {}): Promise<void> {
    return this.#send.none(operations.REMOVE, { ids: [id], options })
  }

  /**
   * Copies a local file or folder into a container, which need not run, as `docker cp` does: into a folder that is
   * there, else under the name that the path says; of a source that ends with `/.`, what is in it. Symbolic links stay
   * what they are, and sockets are left out.
   *
   * @param source - a local path, or things in memory, which go below the path
   * @returns where it is now
   * @throws {@link CopyError} ERR_COPY_SOURCE for what can't be read, or changes meanwhile; ERR_COPY_TARGET
   * @throws {@link NotFoundError} where there is no such container, or no folder to put it in
   * @example
   * ```ts
   * await docker.containers.copyTo('web', './site', '/srv') // is /srv/site then, where /srv is there
   * await docker.containers.copyTo('web', [{ path: 'app.conf', content: 'debug = no\n', mode: 0o600 }], '/etc')
   * ```
   */
  async copyTo(
    id: string,
    source: string | readonly CopyEntry[],
    path: string,
    options: CopyToOptions = {},
  ): Promise<string> {
    const { copyTo } = await import('../workflows/copy/copy-to.ts')
    return copyTo(this.archive, id, source, path, options)
  }

  /**
   * Copies a file or folder out of a container, which need not run, as `docker cp` does: into a folder that is there,
   * else under the name that the target says; of a path that ends with `/.`, what is in it. A hostile container gains
   * nothing: no name leads out of the target, nothing is written through a link, and neither devices nor set-user-ID
   * files are made. Symbolic links stay what they are, wherever they lead to.
   *
   * @param path - in the container
   * @param target - a local path
   * @returns where it is now
   * @throws {@link CopyError} ERR_COPY_UNSAFE for what must not be unpacked, ERR_COPY_TARGET, ERR_COPY_ARCHIVE_INVALID
   * @throws {@link NotFoundError} where there is no such container or path
   * @example
   * ```ts
   * await docker.containers.copyFrom('web', '/var/log/nginx', './logs')
   * ```
   */
  async copyFrom(id: string, path: string, target: string, options: CopyFromOptions = {}): Promise<string> {
    const { copyFrom } = await import('../workflows/copy/copy-from.ts')
    return copyFrom(this.archive, id, path, target, options)
  }

  /**
   * Waits until its health check says that it is healthy. It asks when something happens, and never in between; one
   * that isn't started yet, or is being restarted, is waited for, too.
   *
   * @throws {@link HealthError} ERR_HEALTH_NO_CHECK, ERR_HEALTH_UNHEALTHY, ERR_HEALTH_ENDED or ERR_HEALTH_TIMEOUT,
   *   with what its last checks have printed
   * @throws {@link NotFoundError} where there is none, or it is removed meanwhile
   * @example
   * ```ts
   * await docker.containers.start('db')
   * await docker.containers.waitHealthy('db', { timeout: 60_000 })
   * ```
   */
  async waitHealthy(id: string, options: WaitHealthyOptions = {}): Promise<ContainerInspect> {
    const { waitHealthy } = await import('../workflows/wait-healthy.ts')
    const inspect = this.inspect.bind(this)
    return waitHealthy({ inspect, events: (call) => jsonStream(this.#send, EVENTS, { options: call }) }, id, options)
  }

  /** Removes all that don't run (`POST /containers/prune`). */
  prune(options: given.ContainerPruneOptions = {}): Promise<wire.ContainerPruneResponse> {
    return this.#send.json(operations.PRUNE, { options })
  }

  #isTty(id: string, options: RequestOptions): IsTty {
    return async () => (await this.inspect(id, { signal: options.signal })).Config.Tty ?? false
  }
}
