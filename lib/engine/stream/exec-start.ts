import { DockerApiError } from '../../base/errors.ts'
import { execFailed, type Named } from '../api-error.ts'
import type { OutputChunk } from './frames.ts'

/** What is known of an exec whose output has ended. */
export interface ExecEnd {
  readonly Running: boolean
  readonly Pid: number
  readonly ExitCode: number | null
}

/** What a {@link failWhereNeverStarted} has to know. */
export interface ExecStartWatch {
  readonly request: Named
  readonly tty: boolean
  /** Asked only where the output looks like the daemon's words. */
  readonly inspect: () => Promise<ExecEnd>
}

/** The daemon's words about a failure are a line or two. In bytes. */
const LONGEST_MESSAGE = 16 * 1024

/** moby, daemon/exec.go: it has run before, or runs now; what it says then names the exec, whose id no program knows. */
const STARTED_BEFORE = /^Error: Exec command [0-9a-f]{64} (has already run|is already running)\r\n$/

/** How such words begin (moby, daemon/exec.go, daemon/errors.go; containerd): on a terminal every line ends in CR LF. */
const DAEMONS_WORDS =
  /^(OCI runtime |unable to find (user|group) |Error: Exec command |[Cc]ontainer \S+ is |exec attach failed)/

/**
 * An exec that can't start has been answered 101 by then: the daemon writes why, with CR LF, where the program's standard
 * output would be, and nothing else. Only what looks like that costs a request, which says whether there was a process.
 */
export async function* failWhereNeverStarted(
  chunks: AsyncIterable<OutputChunk>,
  { request, tty, inspect }: ExecStartWatch,
): AsyncGenerator<OutputChunk, void, undefined> {
  const only = new OnlyWords()
  for await (const chunk of chunks) {
    only.add(chunk)
    yield chunk
  }
  const words = only.take(tty)
  if (words === undefined) return
  if (STARTED_BEFORE.test(words)) throw execFailed(request, words.trim())
  const { Pid, Running, ExitCode } = await inspect().catch((error: unknown) => unknownEnd(words, error))
  if (Pid === 0 && !Running) throw execFailed(request, words.trim(), ExitCode)
}

/** Its container is gone, and the exec with it: the words have to say it all. Without an answer, nothing is known. */
function unknownEnd(words: string, error: unknown): ExecEnd {
  if (!(error instanceof DockerApiError)) throw error
  return { Pid: DAEMONS_WORDS.test(words) ? 0 : 1, Running: false, ExitCode: null }
}

/** Keeps an output for as long as it can still be the daemon's words alone. */
class OnlyWords {
  #data: Buffer[] | undefined = []
  #size = 0

  add({ stream, data }: OutputChunk): void {
    this.#size += data.length
    if (stream === 'stderr' || this.#size > LONGEST_MESSAGE) this.#data = undefined
    this.#data?.push(data)
  }

  take(tty: boolean): string | undefined {
    const words = this.#data && Buffer.concat(this.#data).toString('utf8')
    if (words === undefined || !words.endsWith('\r\n')) return undefined
    return tty && !DAEMONS_WORDS.test(words) ? undefined : words
  }
}
