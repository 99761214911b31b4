import { shellFile } from '../base/shell-file.ts'

/** The result of a script. */
export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** How a script is run. */
export interface RunOptions {
  /** Called with each line of stdout as it arrives. */
  readonly onLine?: ((line: string) => void) | undefined
  /** Stops waiting; the script goes on running on the host. */
  readonly signal?: AbortSignal | undefined
}

/** Runs scripts as root, on this machine or on another. */
export interface HostShell {
  /** For a person: `this machine`, `ssh://root@build01`. */
  readonly name: string
  /** Is it this machine? Then its sockets and files can be reached directly. */
  readonly isHere: boolean
  /**
   * Runs a POSIX sh script with root's PATH. It travels by stdin, since every user can read command lines.
   *
   * @throws the signal's reason
   */
  run(script: string, options?: RunOptions): Promise<Ran>
}

/** Comes before every program. */
export const PREAMBLE: string = shellFile(new URL('./preamble.sh', import.meta.url))

/** The last lines of a failed command's stderr, on one line. */
export function lastWords({ code, stderr }: Ran): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return lines.slice(-3).join('; ') || `it exited with code ${code} and printed nothing`
}
