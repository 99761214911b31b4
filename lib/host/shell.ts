import { shellFile } from '../base/shell-file.ts'

/** What a script ended with. */
export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** How a script is run. */
export interface RunOptions {
  /** Is told of each line of stdout as it comes. */
  readonly onLine?: ((line: string) => void) | undefined
  /** Gives up on it; what runs on the host is not stopped by that. */
  readonly signal?: AbortSignal | undefined
}

/** Runs scripts as root, on this machine or on another. */
export interface HostShell {
  /** For a person: `this machine`, `ssh://root@build01`. */
  readonly name: string
  /** Is it this very machine? Then its sockets and files can be reached directly. */
  readonly isHere: boolean
  /**
   * Runs a POSIX sh script. It travels by stdin, since everybody reads command lines, and runs with a PATH of root's.
   *
   * @throws the signal's reason
   */
  run(script: string, options?: RunOptions): Promise<Ran>
}

/** Comes before every program. */
export const PREAMBLE: string = shellFile(new URL('./preamble.sh', import.meta.url))

/** What a failed command said, in a line. */
export function lastWords({ code, stderr }: Ran): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return lines.slice(-3).join('; ') || `it ended with ${code} and said nothing`
}
