import type { Readable } from 'node:stream'
import { watchInput } from '../../transport/given-streams.ts'
import { withDefaults } from '../call.ts'
import { ContainerArchive } from './archive.ts'
import * as streams from './streams.ts'
import * as operations from './operations.ts'
import { EVENTS } from '../system/operations.ts'
import type * as given from './options.ts'
import type { CopyEntry, CopyFromOptions, CopyToOptions } from '../workflows/copy/options.ts'
import type { ContainerEnsureRemovedOptions } from '../workflows/ensure/options.ts'
import type { Ensured } from '../workflows/ensure/result.ts'
import type { WaitHealthyOptions } from '../workflows/wait-healthy-options.ts'
import type { FieldOptions, RequestOptions, Send } from '../send.ts'
import { archiveStream } from '../stream/archive.ts'
import type { AttachedStream } from '../stream/attached.ts'
import { jsonStream } from '../stream/calls.ts'
import type { JsonStream } from '../stream/json-stream.ts'
import type { Opening } from '../stream/opening.ts'
import type { OutputOpening } from '../stream/output-opening.ts'
import type { ContainerInspect } from './types/inspect.ts'
import type { ContainerStats } from './types/stats.ts'
import type { ContainerSummary } from './types/summary.ts'
import type * as wire from './types/create.ts'

/**
 * Containers: `docker.containers`. Methods take the container's name, its id, or the beginning of its id.
 *
 * @example
 * ```ts
 * const web = { Image: 'nginx', HostConfig: { Memory: 64 * 1024 ** 2 } }
 * const { Id } = await docker.containers.create(web, { name: 'web' })
 * await docker.containers.start(Id)
 * for await (const line of docker.containers.logs(Id, { follow: true, signal }).lines()) console.log(line)
 * ```
 */
export class Containers {
  /** Files of containers as tars. */
  readonly archive: ContainerArchive
  readonly #send: Send

  /** @internal */
  constructor(send: Send) {
    this.#send = send
    this.archive = new ContainerArchive(send)
  }

  /** Lists containers (`GET /containers/json`). Default: only running ones. */
  list(options: given.ContainerListOptions = {}): Promise<readonly ContainerSummary[]> {
    return this.#send.json(operations.LIST, { options })
  }

  /**
   * Creates a container (`POST /containers/create`); {@link Containers.start} starts it.
   *
   * @throws {@link NotFoundError} if the daemon doesn't have the image
   * @throws {@link ConflictError} if the name is in use
   * @throws {@link BadRequestError} for an invalid setting
   */
  async create(
    container: wire.ContainerCreateRequest,
    options: given.ContainerCreateOptions = {},
  ): Promise<wire.ContainerCreateResponse> {
    if (options?.pull !== undefined) {
      const { createPulling } = await import('../workflows/pull-first.ts')
      return createPulling(this.#send, container, options)
    }
    return this.#send.json(operations.CREATE, { body: container, options })
  }

  /**
   * Returns all details of a container (`GET /containers/{id}/json`).
   *
   * @throws {@link NotFoundError} if it doesn't exist
   */
  inspect(id: string, options: given.ContainerInspectOptions = {}): Promise<ContainerInspect> {
    return this.#send.json(operations.INSPECT, { ids: [id], options })
  }

  /**
   * Lists its processes (`GET /containers/{id}/top`).
   *
   * @throws {@link ConflictError} if it isn't running
   */
  top(id: string, options: given.ContainerTopOptions = {}): Promise<wire.ContainerTop> {
    return this.#send.json(operations.TOP, { ids: [id], options })
  }

  /**
   * Reads its output so far, and with `follow` also new output (`GET /containers/{id}/logs`).
   *
   * @throws {@link NotFoundError} if it doesn't exist
   */
  logs(id: string, options: given.ContainerLogsOptions = {}): OutputOpening {
    return streams.logs(this.#send, id, options)
  }

  /** Lists the files that differ from its image (`GET /containers/{id}/changes`). */
  async changes(id: string, options: RequestOptions = {}): Promise<readonly wire.FilesystemChange[]> {
    const call = { ids: [id], options }
    return (await this.#send.json<readonly wire.FilesystemChange[] | null>(operations.CHANGES, call)) ?? []
  }

  /**
   * Returns all of its files, except mounts, as a tar (`GET /containers/{id}/export`). Read it to its end, or destroy
   * it. The tar fails with a {@link StreamError} if the daemon can't finish it.
   */
  async export(id: string, options: RequestOptions = {}): Promise<Readable> {
    const call = { ids: [id], options }
    const { body } = await this.#send.stream(operations.EXPORT, call)
    return archiveStream(body, this.#send.named(operations.EXPORT, call))
  }

  /** Streams its resource usage once a second until it is removed (`GET /containers/{id}/stats`). */
  stats(id: string, options: RequestOptions = {}): Opening<ContainerStats, JsonStream<ContainerStats>> {
    return jsonStream(this.#send, operations.STATS, { ids: [id], options })
  }

  /** Returns its resource usage now and a second ago (`GET /containers/{id}/stats`). */
  statsOnce(id: string, options: given.ContainerStatsOnceOptions = {}): Promise<ContainerStats> {
    return this.#send.json(operations.STATS, { ids: [id], options: withDefaults(options, {}, { stream: false }) })
  }

  /** Sets the size of its terminal (`POST /containers/{id}/resize`). */
  resize(id: string, options: given.ResizeOptions): Promise<void> {
    return this.#send.none(operations.RESIZE, { ids: [id], options })
  }

  /**
   * Starts it (`POST /containers/{id}/start`).
   *
   * @throws {@link NotModifiedError} if it is already running
   * @throws {@link BadRequestError} if its command can't be started
   */
  start(id: string, options: given.ContainerStartOptions = {}): Promise<void> {
    return this.#send.none(operations.START, { ids: [id], options })
  }

  /**
   * Stops it and waits until it has exited (`POST /containers/{id}/stop`). Sends a signal first, and SIGKILL after a
   * time-out.
   *
   * @throws {@link NotModifiedError} if it isn't running
   */
  stop(id: string, options: given.ContainerStopOptions = {}): Promise<void> {
    return this.#send.none(operations.STOP, { ids: [id], options })
  }

  /** Stops it as {@link Containers.stop} does, and starts it again (`POST /containers/{id}/restart`). */
  restart(id: string, options: given.ContainerStopOptions = {}): Promise<void> {
    return this.#send.none(operations.RESTART, { ids: [id], options })
  }

  /**
   * Sends it a signal (`POST /containers/{id}/kill`).
   *
   * @throws {@link ConflictError} if it isn't running
   */
  kill(id: string, options: given.ContainerKillOptions = {}): Promise<void> {
    return this.#send.none(operations.KILL, { ids: [id], options })
  }

  /** Changes its resource limits, even while it is running (`POST /containers/{id}/update`). */
  update(
    id: string,
    change: wire.ContainerUpdateRequest,
    options: FieldOptions = {},
  ): Promise<wire.ContainerUpdateResponse> {
    return this.#send.json(operations.UPDATE, { ids: [id], body: change, options })
  }

  /**
   * Renames it (`POST /containers/{id}/rename`).
   *
   * @throws {@link ConflictError} if the name is in use
   */
  rename(id: string, name: string, options: RequestOptions = {}): Promise<void> {
    return this.#send.none(operations.RENAME, { ids: [id], names: { name }, options })
  }

  /**
   * Freezes its processes (`POST /containers/{id}/pause`).
   *
   * @throws {@link ConflictError} if it isn't running, or is already paused
   */
  pause(id: string, options: RequestOptions = {}): Promise<void> {
    return this.#send.none(operations.PAUSE, { ids: [id], options })
  }

  /** Resumes its processes (`POST /containers/{id}/unpause`). */
  unpause(id: string, options: RequestOptions = {}): Promise<void> {
    return this.#send.none(operations.UNPAUSE, { ids: [id], options })
  }

  /**
   * Attaches to its input and output on a separate connection (`POST /containers/{id}/attach`). To get all output,
   * attach before you start it. To send input, create it with `OpenStdin` and `StdinOnce`, and attach with
   * `{ stdin: true }`.
   *
   * @throws {@link NotFoundError} if it doesn't exist
   * @throws {@link ConflictError} if it is paused
   */
  attach(id: string, options: given.ContainerAttachOptions = {}): Promise<AttachedStream> {
    return streams.attach(this.#send, id, options)
  }

  /**
   * Attaches with a web socket (`GET /containers/{id}/attach/ws`), for proxies that support no other upgrade. All
   * output is one raw stream, and the end of `stdin` doesn't reach the container, since web sockets have no half-close.
   */
  async attachWebSocket(id: string, options: given.ContainerAttachOptions = {}): Promise<AttachedStream> {
    return streams.attachWebSocket(this.#send, id, options)
  }

  /**
   * Waits until it has exited (`POST /containers/{id}/wait`), without a time limit.
   *
   * @returns its exit code
   */
  wait(id: string, options: given.ContainerWaitOptions = {}): Promise<wire.ContainerWait> {
    return this.#send.json(operations.WAIT, { ids: [id], options })
  }

  /**
   * Removes it (`DELETE /containers/{id}`).
   *
   * @throws {@link ConflictError} if it is running and `force` isn't set, or if it is already being removed
   */
  remove(id: string, options: given.ContainerRemoveOptions = {}): Promise<void> {
    return this.#send.none(operations.REMOVE, { ids: [id], options })
  }

  /**
   * Copies a local file or folder into a container, which needn't be running, by the rules of `docker cp`: into the
   * path if it is a folder, else to the path itself. A source that ends with `/.` means the contents of a folder.
   * Symbolic links are copied as links, and sockets are omitted.
   *
   * @param source - a local path; entries in memory, which are created below the path; or the bytes of one file, for
   *   which the path must be that of a file. It gets the permissions `0o644`, and root as its owner
   * @returns the path of the copy
   * @throws {@link CopyError} ERR_COPY_SOURCE for files that can't be read or that change meanwhile; ERR_COPY_TARGET
   * @throws {@link NotFoundError} if the container or the folder for the copy doesn't exist
   * @example
   * ```ts
   * await docker.containers.copyTo('web', './site', '/srv') // /srv/site, if /srv exists
   * await docker.containers.copyTo('web', Buffer.from('debug = no\n'), '/etc/app.conf')
   * await docker.containers.copyTo('web', [{ path: 'app.conf', content: 'debug = no\n', mode: 0o600 }], '/etc')
   * ```
   */
  async copyTo(
    id: string,
    source: string | Uint8Array | readonly CopyEntry[],
    path: string,
    options: CopyToOptions = {},
  ): Promise<string> {
    for (const given of [source].flat()) watchInput((given as Partial<CopyEntry> | null)?.content ?? given)
    const { copyTo } = await import('../workflows/copy/copy-to.ts')
    return copyTo(this.archive, id, source, path, options)
  }

  /**
   * Copies a file or folder from a container, which needn't be running, by the rules of `docker cp`: into the target if
   * it is a folder, else to the target itself. A path that ends with `/.` means the contents of a folder. It is safe
   * with an untrusted container: it never writes outside the target or through a link, and creates neither devices nor
   * set-user-ID files. Symbolic links are copied as links, whatever their target.
   *
   * @param path - a path in the container
   * @param target - a local path
   * @returns the path of the copy
   * @throws {@link CopyError} ERR_COPY_UNSAFE for a dangerous entry, ERR_COPY_TARGET, ERR_COPY_ARCHIVE_INVALID
   * @throws {@link NotFoundError} if the container or the path doesn't exist
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
   * Waits until its health check reports that it is healthy. It waits for events instead of polling, and also waits for
   * a container that isn't started yet or is restarting.
   *
   * @throws {@link HealthError} ERR_HEALTH_NO_CHECK, ERR_HEALTH_UNHEALTHY, ERR_HEALTH_ENDED or ERR_HEALTH_TIMEOUT,
   *   with the output of its last checks
   * @throws {@link NotFoundError} if it doesn't exist, or is removed meanwhile
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

  /**
   * Starts it if it is stopped, and unpauses it if it is paused.
   *
   * @throws {@link NotFoundError} if it doesn't exist
   * @throws {@link BadRequestError} if its command can't be started
   */
  async ensureRunning(id: string, options: RequestOptions = {}): Promise<Ensured> {
    const { ensureRunning } = await import('../workflows/ensure/containers.ts')
    return ensureRunning(this, id, options)
  }

  /**
   * Stops it as {@link Containers.stop} does, unless it is stopped.
   *
   * @throws {@link NotFoundError} if it doesn't exist
   */
  async ensureStopped(id: string, options: given.ContainerStopOptions = {}): Promise<Ensured> {
    const { ensureStopped } = await import('../workflows/ensure/containers.ts')
    return ensureStopped(this, id, options)
  }

  /** Removes it, even if it is running, unless it doesn't exist. If somebody else is removing it, it waits for the end of that. */
  async ensureRemoved(id: string, options: ContainerEnsureRemovedOptions = {}): Promise<Ensured> {
    const { ensureRemoved } = await import('../workflows/ensure/containers.ts')
    return ensureRemoved(this, id, options)
  }

  /** Removes all containers that aren't running (`POST /containers/prune`). */
  prune(options: given.ContainerPruneOptions = {}): Promise<wire.ContainerPruneResponse> {
    return this.#send.json(operations.PRUNE, { options })
  }
}
