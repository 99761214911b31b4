import { StringDecoder } from 'node:string_decoder'
import { finished } from 'node:stream/promises'
import { formatEndpoint, type SshEndpoint } from '../endpoint/endpoint.ts'
import { sshLogin } from '../transport/ssh-arguments.ts'
import { sshLoginFault } from '../transport/ssh-faults.ts'
import { startSystemSsh } from '../transport/ssh-start.ts'
import { SshStream } from '../transport/ssh-stream.ts'
import { entryFault } from './entry-fault.ts'
import { PREAMBLE, type HostShell, type Ran, type RunOptions } from './shell.ts'

/** The shell of a remote host. */
export interface SshShell extends HostShell {
  /** The host's own address that ssh has connected to, as the host sees it. Known once a script has run. */
  address(): string | undefined
}

/** How long ssh itself may try to connect, in milliseconds. */
export const SSH_TIMEOUT_MS = 15_000

/** ssh gives up after three of these, so that it doesn't wait longer for a host than the host's rollback timer does. */
const ALIVE_SECONDS = 10

/**
 * The command for the login shell, as one word that every login shell reads alike. sudo removes most variables, so the address
 * of the connection is passed on as an argument (ssh(1), SSH_CONNECTION: the third of four words).
 */
const ENTER =
  'sh -c \'c=${SSH_CONNECTION-}; if test "$(id -u)" = 0; then exec sh -s -- "$c"; else LC_ALL=C exec sudo -n sh -s -- "$c"; fi\''

/** Begins the first line that our root shell prints. A login shell may print a greeting before it. */
const HELLO = '@docker-mtls'

/**
 * A root shell on a remote host through the system's ssh, with its configured keys, host keys and options. Users other than
 * root become root by sudo. Nothing asks for input, and ssh allocates no terminal.
 *
 * @param endpoint - `ssh://USER@HOST:PORT`
 * @param user - the user that ssh logs in as, for messages
 */
export function sshShell(endpoint: SshEndpoint, user?: string): SshShell {
  const name = formatEndpoint(endpoint)
  let address: string | undefined
  const run = async (script: string, { onLine, signal }: RunOptions = {}): Promise<Ran> => {
    signal?.throwIfAborted()
    const child = await startSystemSsh([...sshLogin(endpoint, SSH_TIMEOUT_MS, ALIVE_SECONDS), ENTER], name)
    const stream = new SshStream(child, () => undefined)
    const lines = new LinesBehindHello(onLine)
    const stop = (): void => void stream.destroy()
    signal?.addEventListener('abort', stop, { once: true })
    stream.on('data', (chunk: Buffer) => lines.add(chunk))
    stream.end(`printf '${HELLO} %s\\n' "\${1-}"\n${PREAMBLE}${script}`)
    // The exit of the process says why it ended.
    await finished(stream).catch(() => undefined)
    const exit = await stream.exit
    signal?.removeEventListener('abort', stop)
    signal?.throwIfAborted()
    const fault = sshLoginFault(exit, endpoint)
    if (fault !== undefined) throw fault
    const ran = { code: exit.code ?? 1, stdout: lines.text(), stderr: exit.stderr }
    if (lines.hello === undefined) throw entryFault({ ...ran, stdout: lines.greeting }, { endpoint, user })
    address = lines.hello.split(' ')[2] ?? address
    return ran
  }
  return { name, isHere: false, run, address: () => address }
}

/** Enough for the message of a login that runs no commands. In characters. */
const LONGEST_GREETING = 1024

/** Splits a host's output into lines, and skips everything before the first line of our shell. */
class LinesBehindHello {
  /** The arguments of our shell. */
  hello: string | undefined
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
    if (this.hello === undefined) this.greeting = (this.greeting + text).slice(-LONGEST_GREETING)
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
    // A greeting may lack its line feed.
    const at = this.hello === undefined ? line.lastIndexOf(`${HELLO} `) : -1
    if (at !== -1) this.hello = line.slice(at + HELLO.length + 1)
    else if (this.hello !== undefined) {
      this.#lines.push(line)
      this.#onLine?.(line)
    }
  }
}
