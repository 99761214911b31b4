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

/**
 * Every script begins so: messages in English, and programs where root has them. What is exported for the docker command
 * of whoever runs us would lead it elsewhere, or to speak TLS to a local socket.
 */
export const PREAMBLE: string =
  'export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; umask 022; unset CDPATH ENV ' +
  'DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG DOCKER_CERT_PATH DOCKER_TLS DOCKER_TLS_VERIFY DOCKER_API_VERSION\n'

/** What a failed command said, in a line. */
export function lastWords({ code, stderr }: Ran): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return lines.slice(-3).join('; ') || `it ended with ${code} and said nothing`
}
