import { watched } from '../../transport/given-streams.ts'
import { withDefaults } from '../call.ts'
import { CREATE, INSPECT, RESIZE, START } from './operations.ts'
import type { ResizeOptions } from '../containers/options.ts'
import type { ExecResult, ExecRunOptions } from '../workflows/options.ts'
import type { FieldOptions, RequestOptions, Send } from '../send.ts'
import type { AttachedStream } from '../stream/attached.ts'
import { attachedStream, jsonStream } from '../stream/calls.ts'
import { failIfNotStarted } from '../stream/exec-start.ts'
import type { Watch } from '../stream/output.ts'
import { EVENTS } from '../system/operations.ts'
import type { EventsOptions } from '../system/options.ts'
import type { EventMessage } from '../system/types/events.ts'
import type { ExecCreateRequest, ExecCreateResponse, ExecInspect, ExecStartRequest } from './types.ts'

/**
 * Commands in running containers: `docker.exec`.
 *
 * @example
 * ```ts
 * const { Id } = await docker.exec.create('db', { Cmd: ['sort'], AttachStdin: true, AttachStdout: true })
 * const sort = await docker.exec.start(Id)
 * sort.stdin.end('b\na\n')
 * console.log(await sort.text())
 * ```
 */
export class Exec {
  readonly #send: Send

  /** @internal */
  constructor(send: Send) {
    this.#send = send
  }

  /**
   * Creates an exec (`POST /containers/{id}/exec`); {@link Exec.start} runs it.
   *
   * @throws {@link NotFoundError} if the container doesn't exist
   * @throws {@link ConflictError} if it isn't running, or is paused
   */
  create(container: string, exec: ExecCreateRequest, options: FieldOptions = {}): Promise<ExecCreateResponse> {
    return this.#send.json(CREATE, { ids: [container], body: exec, options })
  }

  /**
   * Starts an exec on a separate connection (`POST /exec/{id}/start`). If the command can't be started, the stream
   * yields the daemon's message and then throws {@link StreamError} ERR_API_EXEC_FAILED.
   *
   * @throws {@link NotFoundError} if the exec doesn't exist
   * @throws {@link ConflictError} if its container isn't running
   */
  async start(id: string, how: ExecStartRequest = {}, options: FieldOptions = {}): Promise<AttachedStream> {
    const call = { ids: [id], body: withDefaults(how, {}, { Detach: false }), options }
    const tty = (how as ExecStartRequest | null)?.Tty ?? false
    const request = this.#send.named(START, call)
    const inspect = (): Promise<ExecInspect> =>
      this.inspect(id, { signal: options.signal, idleTimeout: options.idleTimeout })
    const podman = this.#send.podman !== undefined
    const watch: Watch = (chunks, isComplete) => failIfNotStarted(chunks, { request, tty, podman, isComplete, inspect })
    return attachedStream(this.#send, START, call, () => tty, watch)
  }

  /**
   * Runs a command until it exits, and returns its output and exit code. After an abort or a connection failure the
   * command keeps running, since the daemon can't stop it.
   *
   * @param container - id or name
   * @param command - program and arguments
   * @returns the result, whatever the exit code
   * @throws {@link StreamError} ERR_API_EXEC_FAILED if it can't be started
   * @throws {@link DockerApiError} ERR_API_STREAM_TRUNCATED if the daemon couldn't send all of its output
   * @throws {@link NotFoundError} if the container doesn't exist
   * @throws {@link ConflictError} if it isn't running, or is paused
   * @example
   * ```ts
   * const { exitCode, stdout } = await docker.exec.run('db', ['psql', '--csv'], { stdin: 'select 1', User: 'postgres' })
   * ```
   */
  async run(container: string, command: readonly string[], options: ExecRunOptions = {}): Promise<ExecResult> {
    const events = (given: EventsOptions): AsyncIterable<EventMessage> =>
      jsonStream<EventMessage>(this.#send, EVENTS, { options: given })
    return watched(options, async () =>
      (await import('../workflows/exec-run.ts')).runExec({ exec: this, events }, container, command, options),
    )
  }

  /**
   * Starts an exec in the background (`POST /exec/{id}/start`). {@link Exec.inspect} returns its exit code.
   *
   * @throws {@link BadRequestError} if it can't be started
   */
  startDetached(id: string, how: ExecStartRequest = {}, options: FieldOptions = {}): Promise<void> {
    return this.#send.none(START, { ids: [id], body: withDefaults(how, {}, { Detach: true }), options })
  }

  /** Sets the size of its terminal (`POST /exec/{id}/resize`). */
  resize(id: string, options: ResizeOptions): Promise<void> {
    return this.#send.none(RESIZE, { ids: [id], options })
  }

  /** Returns all details of an exec (`GET /exec/{id}/json`). */
  inspect(id: string, options: RequestOptions = {}): Promise<ExecInspect> {
    return this.#send.json(INSPECT, { ids: [id], options })
  }
}
