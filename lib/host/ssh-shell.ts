import { finished } from 'node:stream/promises'
import { formatEndpoint, type SshEndpoint } from '../endpoint/endpoint.ts'
import { sshLogin } from '../transport/ssh-arguments.ts'
import { sshLoginFault } from '../transport/ssh-faults.ts'
import { startSystemSsh } from '../transport/ssh-start.ts'
import { SshStream, type SshExit } from '../transport/ssh-stream.ts'
import { limitedRun } from './limited-run.ts'
import { rootLoginFault } from './root-login-fault.ts'
import { READ_LIMITS } from './run-limits.ts'
import { ScriptOutput } from './script-output.ts'
import { PREAMBLE, type HostShell, type ScriptResult, type RunOptions } from './shell.ts'

/** The shell of a remote host. */
export interface SshShell extends HostShell {
  /** The address of the host to which ssh connected, as the host reports it. Known once a script has run. */
  address(): string | undefined
}

/** How long ssh itself may try to connect, in milliseconds. */
export const SSH_TIMEOUT_MS = 15_000

/** ssh gives up after three intervals without an answer. That is less than the host's rollback timer. */
const ALIVE_SECONDS = 10

/**
 * The command for the login shell, as a single word that every login shell parses in the same way. sudo removes most
 * variables, so SSH_CONNECTION is passed as an argument. The third of its four words is the host's address (ssh(1)).
 */
const START_ROOT_SHELL =
  'sh -c \'c=${SSH_CONNECTION-}; if test "$(id -u)" = 0; then exec sh -s -- "$c"; else LC_ALL=C exec sudo -n sh -s -- "$c"; fi\''

/** The same, but without the right to use sudo, the user's own shell runs the script. */
const START_BEST_SHELL =
  'sh -c \'c=${SSH_CONNECTION-}; if test "$(id -u)" != 0 && sudo -n sh -c : </dev/null >/dev/null 2>&1; then exec sudo -n sh -s -- "$c"; else exec sh -s -- "$c"; fi\''

/** Marks the first line of our root shell. A login shell may print a greeting before it. */
const MARKER = '@docker-mtls'

/**
 * Creates a shell on a remote host that is root's if the user may use sudo without a password, and the user's own otherwise.
 * See {@link sshShell}.
 */
export function sshShellOfUser(endpoint: SshEndpoint): SshShell {
  return shellOf(endpoint, START_BEST_SHELL)
}

/**
 * Creates a root shell on a remote host through the system's ssh, with its configured keys, host keys and options. Users other
 * than root become root with sudo. No program asks for input, and ssh allocates no terminal.
 *
 * @param endpoint - `ssh://USER@HOST:PORT`
 * @param user - the user that ssh logs in as, for messages
 */
export function sshShell(endpoint: SshEndpoint, user?: string): SshShell {
  return shellOf(endpoint, START_ROOT_SHELL, user)
}

function shellOf(endpoint: SshEndpoint, start: string, user?: string): SshShell {
  const name = formatEndpoint(endpoint)
  let address: string | undefined
  const run = async (
    script: string,
    { onLine, signal, limits = READ_LIMITS }: RunOptions = {},
  ): Promise<ScriptResult> => {
    signal?.throwIfAborted()
    const child = await startSystemSsh([...sshLogin(endpoint, SSH_TIMEOUT_MS, ALIVE_SECONDS), start], name)
    const stream = new SshStream(child, () => undefined)
    const output = new ScriptOutput({ limits, onLine, marker: MARKER })
    const stop = (): void => void stream.destroy()
    const abandon = (): Promise<unknown> => {
      stop()
      return stream.exit
    }
    stream.end(`printf '${MARKER} %s\\n' "\${1-}"\n${PREAMBLE}${script}`)
    const shell = { name, stdout: stream, exit: exitOf(stream), stop, abandon }
    const exit = await limitedRun(shell, output, { limits, signal })
    const fault = sshLoginFault(exit, endpoint)
    if (fault !== undefined) throw fault
    const ran = { code: exit.code ?? 1, stdout: output.end(), stderr: exit.stderr }
    if (output.markedWords === undefined) throw rootLoginFault({ ...ran, stdout: output.greeting }, { endpoint, user })
    address = output.markedWords.split(' ')[2] ?? address
    return ran
  }
  return { name, isHere: false, run, address: () => address }
}

/** The exit of the process explains a failure better than the error of the stream. */
async function exitOf(stream: SshStream): Promise<SshExit> {
  await finished(stream).catch(() => undefined)
  return stream.exit
}
