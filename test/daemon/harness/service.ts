import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { inNamespaces } from '../../../scripts/namespaces.ts'
import { findProgram } from '../../../scripts/packages.ts'
import { cleanEnvironment } from '../../support/command.ts'
import { isListening } from '../../support/ports.ts'

/** A server of somebody else's that runs on loopback. */
export interface Service {
  /** What it has logged so far. */
  readonly log: () => string
  /** Ends it and removes its folder. A second call does nothing. */
  readonly stop: () => Promise<void>
}

export interface ServiceOptions {
  /** A program of the packages of the tests, which stays in the foreground and logs to its standard output or error. */
  readonly program: string
  readonly args: readonly string[]
  /** Where it has all that is its own. */
  readonly folder: string
  readonly port: number
  /** Comes after its end. */
  readonly cleanUp?: () => Promise<void>
}

const START_MS = 30_000
/** A server that is told to end does so at once. */
const STOP_MS = 5_000

/**
 * Starts a server, and waits until it listens. It ends with this process, whatever happens to that.
 *
 * @throws Error with the end of its log, where it ends or doesn't listen
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { program, folder } = options
  if (!inNamespaces()) throw new Error(`${program} is started only in namespaces of its own: npm test -- FILE`)
  const child = launch(options)
  let stopped: Promise<void> | undefined
  const service = {
    log: () => readFileSync(join(folder, 'log'), 'utf8'),
    stop: () => (stopped ??= stop(child, options)),
  }
  try {
    await untilListens(child, options, service)
  } catch (error) {
    await service.stop()
    throw error
  }
  // A test that failed without stopping it must not wait for it.
  child.unref()
  return service
}

function launch({ program, args, folder }: ServiceOptions): ChildProcess {
  const log = openSync(join(folder, 'log'), 'a')
  try {
    // setpriv becomes the server, which the kernel then tells to end when this process does (prctl(2), PR_SET_PDEATHSIG).
    return spawn('setpriv', ['--pdeathsig', 'KILL', findProgram(program) ?? program, ...args], {
      stdio: ['ignore', log, log],
      env: cleanEnvironment(),
    })
  } finally {
    closeSync(log)
  }
}

async function untilListens(child: ChildProcess, { program, port }: ServiceOptions, { log }: Service): Promise<void> {
  for (const start = Date.now(); !(await isListening(port)); await delay(25)) {
    const end = log().split('\n').slice(-12).join('\n')
    if (hasEnded(child)) throw new Error(`${program} ended with ${child.exitCode ?? child.signalCode}:\n${end}`)
    if (Date.now() - start > START_MS) throw new Error(`${program} didn't listen within ${START_MS} ms:\n${end}`)
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

async function stop(child: ChildProcess, { folder, cleanUp }: ServiceOptions): Promise<void> {
  if (!hasEnded(child)) {
    child.ref()
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await ended.finally(() => clearTimeout(late))
  }
  await cleanUp?.()
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}
