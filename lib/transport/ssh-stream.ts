import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { Duplex, finished } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { childEnvironment } from '../base/child-environment.ts'

/** Exit code of a process, and the last part of its stderr. */
export interface SshExit {
  /** null if a signal ended the process. */
  readonly code: number | null
  readonly stderr: string
}

/** How long the process may take to exit after it has closed stdout, and after SIGTERM. In milliseconds. */
const EXIT_TIMEOUT_MS = 2_000
/**
 * How long to read stderr after the process has exited, in milliseconds. Its children may keep the pipe open forever.
 */
const STDERR_DELAY_MS = 100
/** How many characters of stderr are kept, from its end. */
const MAX_STDERR_LENGTH = 4_096

type Done = (error?: Error | null) => void

/**
 * Starts ssh without a shell.
 *
 * @throws the error of spawn()
 */
export async function startSsh(program: string, args: readonly string[]): Promise<ChildProcessWithoutNullStreams> {
  const child = spawn(program, args, {
    stdio: 'pipe',
    windowsHide: true,
    // In a new session (setsid(2)), Ctrl-C at our terminal doesn't reach ssh, and neither ssh nor its children for a
    // jump host can prompt at a terminal or in a window.
    detached: process.platform !== 'win32',
    env: childEnvironment({ ...process.env, SSH_ASKPASS_REQUIRE: 'never' }),
  })
  await once(child, 'spawn')
  return child
}

/**
 * The standard streams of ssh as one duplex stream. `end()` closes ssh's stdin, and its output still arrives.
 * `destroy()` ends the process, and 'close' is emitted after that.
 */
export class SshStream extends Duplex {
  readonly exit: Promise<SshExit>
  readonly #child: ChildProcessWithoutNullStreams
  readonly #explain: (exit: SshExit) => Error | undefined
  #stopped = false

  /** @param explain - turns the exit of the process into an error, if it failed */
  constructor(child: ChildProcessWithoutNullStreams, explain: (exit: SshExit) => Error | undefined) {
    // As for sockets: when the peer stops sending, it has also stopped reading.
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

  /** Keeps this process running. undici calls it while a request is running. */
  ref(): this {
    return this.#forEachHandle('ref')
  }

  /** Allows this process to exit. undici calls it for idle connections. */
  unref(): this {
    return this.#forEachHandle('unref')
  }

  override _read(): void {
    this.#child.stdout.resume()
  }

  override _write(chunk: Buffer, _encoding: string, done: Done): void {
    this.#child.stdin.write(chunk, (error) => (error ? void this.#failWrite(error, done) : done()))
  }

  override _final(done: Done): void {
    const { stdin } = this.#child
    // If the process has exited, stdin closes without finishing, and the callback of end() is never called.
    finished(stdin, { readable: false }, () => done())
    stdin.end()
  }

  override _destroy(error: Error | null, done: Done): void {
    // A caller that awaits 'close' must not exit before ssh has.
    this.ref()
    void this.#stop(() => done(error))
  }

  /** The exit of the process explains more than EPIPE. */
  async #failWrite(error: Error, done: Done): Promise<void> {
    done(this.#explain(await this.exit) ?? error)
  }

  /** After the last output, ends the stream, or destroys it if ssh failed. */
  async #finish(): Promise<void> {
    const timer = setTimeout(() => void this.#stop(), EXIT_TIMEOUT_MS)
    const exit = await this.exit
    clearTimeout(timer)
    const fault = this.#stopped ? undefined : this.#explain(exit)
    if (fault) this.destroy(fault)
    else this.push(null)
  }

  async #stop(then?: () => void): Promise<void> {
    this.#stopped = true
    this.#kill('SIGTERM')
    const timer = setTimeout(() => this.#kill('SIGKILL'), EXIT_TIMEOUT_MS)
    await this.exit
    clearTimeout(timer)
    then?.()
  }

  /** Signals the whole process group, which includes a ProxyCommand and the ssh to a jump host. */
  #kill(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.#child
    if (pid === undefined || exitCode !== null || signalCode !== null) return
    try {
      process.kill(process.platform === 'win32' ? pid : -pid, signal)
    } catch {
      // It has just exited.
    }
  }

  #forEachHandle(method: 'ref' | 'unref'): this {
    const { stdin, stdout, stderr } = this.#child
    // The pipes are sockets (Node, subprocess.stdin), but their types don't say so.
    for (const handle of [this.#child, stdin, stdout, stderr] as unknown as Record<typeof method, () => void>[]) {
      handle[method]()
    }
    return this
  }
}

async function exitOf(child: ChildProcessWithoutNullStreams): Promise<SshExit> {
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-MAX_STDERR_LENGTH)))
  const stderrClosed = new Promise((resolve) => child.stderr.once('close', resolve))
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  await Promise.race([stderrClosed, delay(STDERR_DELAY_MS)])
  return { code, stderr }
}
