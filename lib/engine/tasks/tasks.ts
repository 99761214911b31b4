import { withDefaults } from '../call.ts'
import { INSPECT, LIST, LOGS } from './operations.ts'
import type { LogsOptions } from '../logs-options.ts'
import { ALL_OUTPUT } from '../logs-query.ts'
import type { TaskListOptions } from './options.ts'
import type { RequestOptions, Send } from '../send.ts'
import { outputStream } from '../stream/calls.ts'
import type { OutputOpening } from '../stream/output-opening.ts'
import type { Task } from './types/tasks.ts'

/**
 * The tasks of services: `docker.tasks`. Only managers answer these calls. Other daemons throw an
 * {@link UnavailableError}.
 *
 * @example
 * ```ts
 * const tasks = await docker.tasks.list({ filters: { service: 'web', 'desired-state': 'running' } })
 * for (const { NodeID, Status } of tasks) console.log(NodeID, Status.State, Status.Err ?? '')
 * ```
 */
export class Tasks {
  readonly #send: Send

  /** @internal */
  constructor(send: Send) {
    this.#send = send
  }

  /** Lists tasks, including completed ones (`GET /tasks`). */
  list(options: TaskListOptions = {}): Promise<readonly Task[]> {
    return this.#send.json(LIST, { options })
  }

  /**
   * Returns all details of a task (`GET /tasks/{id}`).
   *
   * @throws {@link NotFoundError} if the task doesn't exist
   */
  inspect(id: string, options: RequestOptions = {}): Promise<Task> {
    return this.#send.json(INSPECT, { ids: [id], options })
  }

  /**
   * Reads the output of a task (`GET /tasks/{id}/logs`), with the log drivers `local`, `json-file` and `journald`.
   *
   * @throws {@link NotFoundError} if the task doesn't exist
   */
  logs(id: string, options: LogsOptions = {}): OutputOpening {
    const call = { ids: [id], options: withDefaults(options, ALL_OUTPUT) }
    return outputStream(this.#send, LOGS, call, () => this.#hasTerminal(id, options))
  }

  async #hasTerminal(id: string, { signal, timeout, idleTimeout }: RequestOptions): Promise<boolean> {
    const { Spec } = await this.inspect(id, { signal, timeout, idleTimeout })
    return Spec.ContainerSpec?.TTY ?? false
  }
}
