import { StringDecoder } from 'node:string_decoder'
import { finished } from 'node:stream/promises'
import { onAbort } from '../base/abort.ts'
import { formatEndpoint, type SshEndpoint } from '../endpoint/endpoint.ts'
import { sshLogin } from '../transport/ssh-arguments.ts'
import { sshLoginFault } from '../transport/ssh-faults.ts'
import { startSystemSsh } from '../transport/ssh-start.ts'
import { SshStream } from '../transport/ssh-stream.ts'
import { rootLoginFault } from './root-login-fault.ts'
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

/** Marks the first line of our root shell. A login shell may print a greeting before it. */
const MARKER = '@docker-mtls'

/**
 * Creates a root shell on a remote host through the system's ssh, with its configured keys, host keys and options. Users other
 * than root become root with sudo. No program asks for input, and ssh allocates no terminal.
 *
 * @param endpoint - `ssh://USER@HOST:PORT`
 * @param user - the user that ssh logs in as, for messages
 */
export function sshShell(endpoint: SshEndpoint, user?: string): SshShell {
  const name = formatEndpoint(endpoint)
  let address: string | undefined
  const run = async (script: string, { onLine, signal }: RunOptions = {}): Promise<ScriptResult> => {
    signal?.throwIfAborted()
    const child = await startSystemSsh([...sshLogin(endpoint, SSH_TIMEOUT_MS, ALIVE_SECONDS), START_ROOT_SHELL], name)
    const stream = new SshStream(child, () => undefined)
    const lines = new LinesAfterMarker(onLine)
    const stop = (): void => void stream.destroy()
    // The caller may have aborted while ssh was being started.
    const forget = signal && onAbort(signal, stop)
    stream.on('data', (chunk: Buffer) => lines.add(chunk))
    stream.end(`printf '${MARKER} %s\\n' "\${1-}"\n${PREAMBLE}${script}`)
    // The exit of the process explains a failure better than the error of the stream.
    await finished(stream).catch(() => undefined)
    const exit = await stream.exit
    forget?.()
    signal?.throwIfAborted()
    const fault = sshLoginFault(exit, endpoint)
    if (fault !== undefined) throw fault
    const ran = { code: exit.code ?? 1, stdout: lines.text(), stderr: exit.stderr }
    if (lines.shellArguments === undefined) throw rootLoginFault({ ...ran, stdout: lines.greeting }, { endpoint, user })
    address = lines.shellArguments.split(' ')[2] ?? address
    return ran
  }
  return { name, isHere: false, run, address: () => address }
}

/** How many characters of a greeting are kept: enough for the message of a login that runs no commands. */
const LONGEST_GREETING = 1024

/** Splits a host's output into lines, and skips everything before the marker. */
class LinesAfterMarker {
  /** The arguments that our shell printed after the marker. Undefined until then. */
  shellArguments: string | undefined
  /** The end of the output before it. */
  greeting = ''
  readonly #onLine: ((line: string) => void) | undefined
  readonly #decoder = new StringDecoder('utf8')
  readonly #lines: string[] = []
  #rest = ''

  constructor(onLine: ((line: string) => void) | undefined) {
    this.#onLine = onLine
  }

  add(chunk: Buffer): void {
    const text = this.#decoder.write(chunk)
    if (this.shellArguments === undefined) this.greeting = (this.greeting + text).slice(-LONGEST_GREETING)
    const [first = '', ...more] = text.split('\n')
    this.#rest += first
    for (const next of more) {
      this.#take(this.#rest)
      this.#rest = next
    }
  }

  text(): string {
    const last = this.#rest === '' ? [] : [this.#rest]
    return [...this.#lines, ...last].join('\n')
  }

  #take(line: string): void {
    // A greeting may not end with a line feed, so the marker may be inside a line.
    const at = this.shellArguments === undefined ? line.lastIndexOf(`${MARKER} `) : -1
    if (at !== -1) this.shellArguments = line.slice(at + MARKER.length + 1)
    else if (this.shellArguments !== undefined) {
      this.#lines.push(line)
      this.#onLine?.(line)
    }
  }
}
