import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { Duplex, finished } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'

/** How a process ended, and the end of what it wrote to stderr. */
export interface SshExit {
  /** null for one that a signal ended. */
  readonly code: number | null
  readonly stderr: string
}

/** After SIGTERM; then SIGKILL. In milliseconds. */
const GRACE_MS = 2_000
/** For what is still in the pipe when a process has ended: what it started itself may hold stderr open for ever. In milliseconds. */
const LAST_WORDS_MS = 100
/** Of stderr only the end is kept, in characters. */
const LONGEST_STDERR = 4_096

type Done = (error?: Error | null) => void

/**
 * Starts ssh, without a shell.
 *
 * @throws whatever spawn() has against it
 */
export async function startSsh(program: string, args: readonly string[]): Promise<ChildProcessWithoutNullStreams> {
  const child = spawn(program, args, {
    stdio: 'pipe',
    windowsHide: true,
    // A session of its own (setsid(2)): a Ctrl-C at our terminal is not meant for it, and neither ssh nor what it starts
    // for a jump host can ask at a terminal, or in a window.
    detached: process.platform !== 'win32',
    env: { ...withoutSecrets(process.env), SSH_ASKPASS_REQUIRE: 'never' },
  })
  await once(child, 'spawn')
  return child
}

/** Our own variables are nobody else's business: one is a passphrase, and ssh's `SendEnv *` would send it to the host. */
export function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^DOCKER_MTLS_/i.test(name)))
}

/**
 * The standard streams of ssh as one: what is written is its input, what is read its output. `end()` closes its input,
 * and its output still arrives. `destroy()` ends the process, and 'close' comes after that.
 */
export class SshStream extends Duplex {
  readonly exit: Promise<SshExit>
  readonly #child: ChildProcessWithoutNullStreams
  readonly #explain: (exit: SshExit) => Error | undefined
  #stopped = false

  /** @param explain - says what went wrong, if so, once the process has ended */
  constructor(child: ChildProcessWithoutNullStreams, explain: (exit: SshExit) => Error | undefined) {
    // As sockets have it: where nothing comes any more, nobody listens.
    super({ allowHalfOpen: false })
    this.#child = child
    this.#explain = explain
    this.exit = exitOf(child)
    for (const emitter of [child, child.stdin, child.stdout, child.stderr]) emitter.on('error', () => {})
    child.stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause()
    })
    child.stdout.once('close', () => void this.#finish())
  }

  /** Keeps this process running: undici has it so while a request does. */
  ref(): this {
    return this.#each('ref')
  }

  /** Lets this process end: an idle connection must not hold it up. */
  unref(): this {
    return this.#each('unref')
  }

  override _read(): void {
    this.#child.stdout.resume()
  }

  override _write(chunk: Buffer, _encoding: string, done: Done): void {
    this.#child.stdin.write(chunk, (error) => (error ? void this.#notTaken(error, done) : done()))
  }

  override _final(done: Done): void {
    const { stdin } = this.#child
    // The input of a process that has ended is closed without having been finished: end(callback) would never call.
    finished(stdin, { readable: false }, () => done())
    stdin.end()
  }

  override _destroy(error: Error | null, done: Done): void {
    // Whoever waits for the end of it must not end before.
    this.ref()
    void this.#stop(() => done(error))
  }

  /** Why the process is gone says more than EPIPE. */
  async #notTaken(error: Error, done: Done): Promise<void> {
    done(this.#explain(await this.exit) ?? error)
  }

  /** No more output is the end, or a failure has come before. */
  async #finish(): Promise<void> {
    const late = setTimeout(() => void this.#stop(), GRACE_MS)
    const exit = await this.exit
    clearTimeout(late)
    const fault = this.#stopped ? undefined : this.#explain(exit)
    if (fault) this.destroy(fault)
    else this.push(null)
  }

  async #stop(then?: () => void): Promise<void> {
    this.#stopped = true
    this.#kill('SIGTERM')
    const late = setTimeout(() => this.#kill('SIGKILL'), GRACE_MS)
    await this.exit
    clearTimeout(late)
    then?.()
  }

  /** With what it started itself: a ProxyCommand, the ssh to a jump host. */
  #kill(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.#child
    if (pid === undefined || exitCode !== null || signalCode !== null) return
    try {
      process.kill(process.platform === 'win32' ? pid : -pid, signal)
    } catch {
      // It has ended at this moment.
    }
  }

  #each(what: 'ref' | 'unref'): this {
    const { stdin, stdout, stderr } = this.#child
    // Pipes are sockets (Node, subprocess.stdin), which their types don't say.
    for (const handle of [this.#child, stdin, stdout, stderr] as unknown as Record<typeof what, () => void>[]) {
      handle[what]()
    }
    return this
  }
}

async function exitOf(child: ChildProcessWithoutNullStreams): Promise<SshExit> {
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-LONGEST_STDERR)))
  const silent = new Promise((resolve) => child.stderr.once('close', resolve))
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  await Promise.race([silent, delay(LAST_WORDS_MS)])
  return { code, stderr }
}
