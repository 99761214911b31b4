import { shellFile } from '../base/shell-file.ts'
import type { RunLimits } from './run-limits.ts'

/** The result of a script. */
export interface ScriptResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** How a script is run. */
export interface RunOptions {
  /** Called with each line of stdout as it arrives. */
  readonly onLine?: ((line: string) => void) | undefined
  /** Stops waiting. The script continues to run on the host. */
  readonly signal?: AbortSignal | undefined
  /** @defaultValue {@link READ_LIMITS} */
  readonly limits?: RunLimits | undefined
}

/** Runs scripts as root, on this machine or on another one. */
export interface HostShell {
  /** The name for messages: `this machine`, `ssh://root@build01`. */
  readonly name: string
  /** Whether it is this machine, so that its sockets and files can be accessed directly. */
  readonly isHere: boolean
  /**
   * Runs a POSIX sh script with root's PATH. The script is passed on stdin, since every user can read command lines.
   *
   * @throws {@link ProvisionError} ERR_HOST_UNREADABLE, if the host exceeds a limit
   * @throws the signal's reason, if it is aborted
   */
  run(script: string, options?: RunOptions): Promise<ScriptResult>
}

/** The beginning of every program. */
export const PREAMBLE: string = shellFile(new URL('./preamble.sh', import.meta.url))

/** The last lines of a failed script's stderr, joined to one line. */
export function stderrSummary({ code, stderr }: ScriptResult): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return lines.slice(-3).join('; ') || `it exited with code ${code} and printed nothing`
}
