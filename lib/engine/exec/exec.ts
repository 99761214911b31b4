import { keysOf } from '../description.ts'
import { CREATE, INSPECT, RESIZE, START } from './operations.ts'
import type { ResizeOptions } from '../containers/options.ts'
import type { ExecResult, ExecRunOptions } from '../workflows/options.ts'
import type { RequestOptions, Send } from '../send.ts'
import type { AttachedStream } from '../stream/attached.ts'
import { attachedStream } from '../stream/calls.ts'
import { failIfNotStarted } from '../stream/exec-start.ts'
import type { Watch } from '../stream/output.ts'
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
   * Prepares a command (`POST /containers/{id}/exec`); it runs when it is started.
   *
   * @throws {@link NotFoundError} where there is no such container
   * @throws {@link ConflictError} where it doesn't run, or is paused
   */
  create(container: string, exec: ExecCreateRequest, options: RequestOptions = {}): Promise<ExecCreateResponse> {
    return this.#send.json(CREATE, { ids: [container], body: exec, options })
  }

  /**
   * Runs a command on a connection of its own (`POST /exec/{id}/start`). One that can't be started says so in its
   * output, and then the end of that is an error: {@link StreamError} ERR_API_EXEC_FAILED.
   *
   * @throws {@link NotFoundError} where there is no such exec
   * @throws {@link ConflictError} where its container doesn't run
   */
  async start(id: string, how: ExecStartRequest = {}, options: RequestOptions = {}): Promise<AttachedStream> {
    keysOf(how, 'how to start an exec', '{ Tty: true }, or nothing')
    const call = { ids: [id], body: { ...how, Detach: false }, options }
    const tty = how.Tty ?? false
    const request = this.#send.named(START, call)
    const inspect = (): Promise<ExecInspect> => this.inspect(id, { signal: options.signal })
    const watch: Watch = (chunks) => failIfNotStarted(chunks, { request, tty, inspect })
    return attachedStream(this.#send, START, call, () => tty, watch)
  }

  /**
   * Runs a command to its end: its input goes in, its output and its exit code come back. An abort, and a failure of
   * the connection, leave the command running: the daemon has no way to end it.
   *
   * @param container - id or name
   * @param command - program and arguments
   * @returns also for an exit code other than 0
   * @throws {@link StreamError} ERR_API_EXEC_FAILED where it can't be started
   * @throws {@link NotFoundError} where there is no such container
   * @throws {@link ConflictError} where it doesn't run, or is paused
   * @example
   * ```ts
   * const { exitCode, stdout } = await docker.exec.run('db', ['psql', '--csv'], { stdin: 'select 1', User: 'postgres' })
   * ```
   */
  async run(container: string, command: readonly string[], options: ExecRunOptions = {}): Promise<ExecResult> {
    const { runExec } = await import('../workflows/exec-run.ts')
    return runExec(this, container, command, options)
  }

  /**
   * Runs a command and leaves it alone (`POST /exec/{id}/start`); {@link Exec.inspect} says how it ended.
   *
   * @throws {@link BadRequestError} where it can't be started
   */
  startDetached(id: string, how: ExecStartRequest = {}, options: RequestOptions = {}): Promise<void> {
    return this.#send.none(START, { ids: [id], body: { ...how, Detach: true }, options })
  }

  /** Tells a command the size of its terminal (`POST /exec/{id}/resize`). */
  resize(id: string, options: ResizeOptions): Promise<void> {
    return this.#send.none(RESIZE, { ids: [id], options })
  }

  /** What the daemon knows of a command (`GET /exec/{id}/json`). */
  inspect(id: string, options: RequestOptions = {}): Promise<ExecInspect> {
    return this.#send.json(INSPECT, { ids: [id], options })
  }
}
