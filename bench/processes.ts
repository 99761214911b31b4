import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { cleanEnvironment } from '../test/support/command.ts'
import type { Contender } from './contenders.ts'
import type { Answer, Report, Task } from './programs/tasks.ts'

/**
 * The daemon's environment variables for all contenders. @docker/node-sdk reads DOCKER_TLS_CERTDIR, the others read
 * DOCKER_CERT_PATH.
 */
export type DaemonEnv = Readonly<Record<string, string>>

export const builtProgram = (name: string): string =>
  fileURLToPath(new URL(`dist/programs/${name}.js`, import.meta.url))

export interface Outcome {
  readonly output: string
  /** The time from the start to the first output. */
  readonly milliseconds: number
  /** The time from the start to the end of the process. */
  readonly total: number
}

/** Runs one of the programs in `programs/` in a fresh process without tsx. */
export function runProgram(name: string, args: readonly string[], env: DaemonEnv): Promise<Outcome> {
  return timeCommand([process.execPath, builtProgram(name), ...args], env)
}

/**
 * Runs a command, and measures the times to its first output and to its end. @throws Error if it fails or prints
 * nothing
 */
export async function timeCommand([file = '', ...args]: readonly string[], env: DaemonEnv): Promise<Outcome> {
  const began = performance.now()
  let milliseconds: number | undefined
  const output = { stdout: '', stderr: '' }
  const child = spawn(file, args, { env: cleanEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 })
  child.stdout.on('data', (chunk: Buffer) => {
    milliseconds ??= performance.now() - began
    output.stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code === 0 && milliseconds !== undefined) {
    return { output: output.stdout, milliseconds, total: performance.now() - began }
  }
  throw new Error(`${[file, ...args].join(' ')} failed (${code}): ${output.stderr.trim().slice(-2000)}`)
}

/** A long-lived process of one contender that performs tasks. */
export class Worker {
  readonly #child: ChildProcess
  /** Its memory before the contender is loaded. */
  readonly atStart: Report

  private constructor(child: ChildProcess, atStart: Report) {
    this.#child = child
    this.atStart = atStart
  }

  /** @param execArgv - options of Node. Those of this process, which load tsx, are never inherited */
  static async start({ module, entry, env }: Contender, daemon: DaemonEnv, execArgv: string[] = []): Promise<Worker> {
    const child = fork(builtProgram('worker'), [module, entry], {
      env: cleanEnvironment({ ...daemon, ...env }),
      execArgv,
    })
    return new Worker(child, await nextReport(child))
  }

  /** @throws Error with the contender's message if a request fails or its answer is wrong */
  async perform(task: Task): Promise<Report> {
    const report = nextReport(this.#child)
    this.#child.send(task)
    return report
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const closed = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    await closed
  }
}

async function nextReport(child: ChildProcess): Promise<Report> {
  const ended = new AbortController()
  const onClose = (code: number | null): void => ended.abort(new Error(`its process ended with ${code}`))
  child.once('close', onClose)
  try {
    const [answer] = (await once(child, 'message', { signal: ended.signal })) as [Answer]
    if ('error' in answer) throw new Error(answer.error)
    return answer
  } catch (error) {
    throw ended.signal.aborted ? ended.signal.reason : error
  } finally {
    child.removeListener('close', onClose)
  }
}

/** Starts a worker for each contender, and ends all of them afterwards, also after an error. */
export async function withWorkers<T>(
  contenders: readonly Contender[],
  daemon: DaemonEnv,
  use: (workers: ReadonlyMap<string, Worker>) => Promise<T>,
): Promise<T> {
  const workers = new Map<string, Worker>()
  try {
    for (const contender of contenders) workers.set(contender.name, await Worker.start(contender, daemon))
    return await use(workers)
  } finally {
    for (const worker of workers.values()) await worker.end()
  }
}
