import { setTimeout as delay } from 'node:timers/promises'
import { ConnectionError, isDockerMtlsError } from '../../base/errors.ts'
import type { ExecResult, ExecRunOptions } from './options.ts'
import type { FieldOptions, RequestOptions } from '../send.ts'
import type { AttachedStream } from '../stream/attached.ts'
import type { ExecCreateRequest, ExecCreateResponse, ExecInspect, ExecStartRequest } from '../exec/types.ts'
import { checkInput } from '../stream/input.ts'
import { checkExitCode, type Events } from './exec-exit-code.ts'
import { converse, withStdin } from './conversation.ts'
import { allInTime } from './in-time.ts'
import { checkCommand, EXEC_RUN, splitOptions } from './check-options.ts'

/** The methods of {@link Exec} that it needs. */
interface ExecCalls {
  create(container: string, exec: ExecCreateRequest, options: FieldOptions): Promise<ExecCreateResponse>
  start(id: string, how: ExecStartRequest, options: RequestOptions): Promise<AttachedStream>
  inspect(id: string, options: RequestOptions): Promise<ExecInspect>
}

/** The parts of the client that an exec needs. */
export interface ExecOn {
  readonly exec: ExecCalls
  readonly events: Events
}

/** Implements {@link Exec.run}. */
export async function runExec(
  { exec, events }: ExecOn,
  container: string,
  command: readonly string[],
  given: ExecRunOptions,
): Promise<ExecResult> {
  checkCommand(EXEC_RUN.name, command)
  const { settings, options } = splitOptions(EXEC_RUN, given)
  const { tty = false, stdin, allowUnknown } = options
  const attach = { AttachStdin: stdin !== undefined, AttachStdout: true, AttachStderr: true }
  let isStarted = false
  try {
    return await withStdin('exec.run()', options, (input) =>
      allInTime('exec.run()', options, async (step) => {
        checkInput(input.stdin)
        const body = { ...settings, ...attach, Cmd: command, Tty: tty }
        const { Id } = await exec.create(container, body, { ...step, allowUnknown })
        checkInput(input.stdin)
        isStarted = true
        const stream = await exec.start(Id, { Tty: tty }, step)
        const output = await converse(stream, { ...options, ...input })
        const exitCode = await exitCodeOf(exec, Id, step)
        await checkExitCode(events, { id: Id, container, exitCode }, step)
        return { exitCode, ...output }
      }),
    )
  } catch (error) {
    throw isStarted && isDockerMtlsError(error, 'ERR_CALL_TIMEOUT') ? goesOn(container, options, error) : error
  }
}

/** The Engine API can't end an exec. */
function goesOn(container: string, { timeout }: ExecRunOptions, cause: unknown): ConnectionError {
  return new ConnectionError('ERR_CALL_TIMEOUT', {
    tried: `calling exec.run() in the container ${container}`,
    got: `the command had not ended after ${timeout} ms, and goes on in the container`,
    todo: `End it inside the container, or restart the container:  docker.containers.restart('${container}')`,
    cause,
  })
}

/** Between two inspections, in milliseconds. */
const FIRST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 500

/**
 * Waits for the exit code. When the output has ended, the daemon doesn't know the exit code yet: the process may exit a
 * moment later, or continue for long without output.
 */
async function exitCodeOf(exec: ExecCalls, id: string, options: RequestOptions): Promise<number> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const { ExitCode, Running } = await exec.inspect(id, options)
    if (!Running && ExitCode !== null) return ExitCode
    await delay(pause, undefined, { signal: options.signal }).catch((error: unknown) => {
      throw options.signal?.aborted === true ? options.signal.reason : error
    })
  }
}
