import { DockerApiError } from '../../base/errors.ts'
import { EXEC_NOT_STARTED as EXEC_NOT_STARTED_BY_PODMAN } from '../../base/wordings/podman.ts'
import { EXEC_NOT_STARTED, EXEC_STARTED_BEFORE } from '../../base/wordings/streams.ts'
import { execFailed, type Named } from '../api-error.ts'
import type { OutputChunk } from './frames.ts'

/** The state of an exec whose output has ended. */
export interface ExecEnd {
  readonly Running: boolean
  readonly Pid: number
  readonly ExitCode: number | null
}

/** The context of {@link failIfNotStarted}. */
export interface ExecStartWatch {
  readonly request: Named
  readonly tty: boolean
  /** The daemon is Podman. */
  readonly podman: boolean
  readonly isComplete: () => boolean
  /** Called only if the output looks like a message of the daemon. */
  readonly inspect: () => Promise<ExecEnd>
}

/** The message of a failure is a line or two. In bytes. */
const LONGEST_MESSAGE = 16 * 1024

/** Podman ends an exec that didn't start with an exit code that a program could also have. */
const CODES_OF_PODMAN: ReadonlySet<number | null> = new Set([125, 126, 127])

/**
 * Fails for an exec that could not start. The daemon has already answered 101, and writes the reason to the program's
 * standard output, followed by CR LF. Only output that looks like this costs a request, which tells whether a process
 * ran.
 */
export async function* failIfNotStarted(
  chunks: AsyncIterable<OutputChunk>,
  { request, tty, podman, isComplete, inspect }: ExecStartWatch,
): AsyncGenerator<OutputChunk, void, undefined> {
  const only = new OnlyMessage(podman)
  for await (const chunk of chunks) {
    only.add(chunk)
    yield chunk
  }
  const output = isComplete() ? only.take(tty) : undefined
  if (output === undefined) return
  if (podman) return failOfPodman(request, output, inspect)
  if (EXEC_STARTED_BEFORE.pattern.test(output)) throw execFailed(request, output.trim())
  const { Pid, Running, ExitCode } = await inspect().catch((error: unknown) => unknownEnd(output, error))
  if (Pid === 0 && !Running) throw execFailed(request, output.trim(), ExitCode)
}

/** Podman writes its message to standard error, and forgets the process: only message and exit code can tell. */
async function failOfPodman(request: Named, output: string, inspect: ExecStartWatch['inspect']): Promise<void> {
  const [message] = EXEC_NOT_STARTED_BY_PODMAN.pattern.exec(output) ?? []
  if (message === undefined) return
  const { ExitCode } = await inspect()
  if (CODES_OF_PODMAN.has(ExitCode)) throw execFailed(request, message, ExitCode)
}

/**
 * The container is gone, and the exec with it: only the output can tell. Without an answer of the daemon, nothing is
 * known.
 */
function unknownEnd(output: string, error: unknown): ExecEnd {
  if (!(error instanceof DockerApiError)) throw error
  return { Pid: EXEC_NOT_STARTED.pattern.test(output) ? 0 : 1, Running: false, ExitCode: null }
}

/** Keeps the output as long as it can still be only a message of the daemon. */
class OnlyMessage {
  readonly #podman: boolean
  #data: Buffer[] | undefined = []
  #size = 0

  constructor(podman: boolean) {
    this.#podman = podman
  }

  add({ stream, data }: OutputChunk): void {
    this.#size += data.length
    if ((stream === 'stderr' && !this.#podman) || this.#size > LONGEST_MESSAGE) this.#data = undefined
    this.#data?.push(data)
  }

  take(tty: boolean): string | undefined {
    const output = this.#data && Buffer.concat(this.#data).toString('utf8')
    if (output === undefined || this.#podman) return output
    if (!output.endsWith('\r\n')) return undefined
    return tty && !EXEC_NOT_STARTED.pattern.test(output) ? undefined : output
  }
}
