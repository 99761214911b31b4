import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { inNamespaces } from '../../../scripts/namespaces.ts'
import { cleanEnvironment } from '../../support/command.ts'
import { isListening } from '../../support/ports.ts'
import { noteCalls } from './called.ts'
import { answersLocally, killContainers } from './local-socket.ts'
import { assertNoOther, forgetDaemon, noteDaemon } from './only-one.ts'
import { isolationFlags, type DaemonPlace } from './place.ts'
import { removeUnmounted, unmountBelow } from './unmount.ts'

export interface StartOptions {
  readonly place: DaemonPlace
  /** The whole command line as it was rendered, the program first. */
  readonly argv: readonly string[]
  /** dockerd's environment besides PATH, HOME and LANG. */
  readonly env?: Readonly<Record<string, string>>
  /** A command that becomes another one in a network of its own: a daemon there is none of these namespaces. */
  readonly within?: readonly string[]
}

/** A dockerd that runs, and answers. */
export interface Daemon {
  readonly place: DaemonPlace
  readonly pid: number
  /** What it has logged so far. */
  log(): string
  /**
   * Ends it, unmounts what it leaves mounted, and removes its folder. A second call does nothing.
   *
   * @param options - with `keep: true` the folder stays, for a daemon that is started again in the same place
   */
  stop(options?: { readonly keep?: boolean }): Promise<void>
}

/** Measured: 1.4 s to the first answer; a loaded machine is slower. */
const START_MS = 60_000
/** dockerd itself gives its containers 15 s (`--shutdown-timeout`). */
const STOP_MS = 20_000

/**
 * Starts dockerd with exactly the command line that was rendered, and flags that only isolate it. It ends with this
 * process, whatever happens to that.
 *
 * @throws Error with the end of its log, where it ends or doesn't answer
 */
export async function startDockerd({ place, argv, env, within }: StartOptions): Promise<Daemon> {
  if (!inNamespaces()) throw new Error('a daemon is started only in namespaces of its own: npm test -- FILE')
  if (within === undefined) await assertNoOther()
  const child = launch(place, [...(within ?? []), ...argv], env)
  const daemon: Daemon = {
    place,
    pid: child.pid ?? 0,
    log: () => readLog(place),
    stop: ({ keep = false } = {}) =>
      stop(child, place, keep).finally(() => {
        if (within === undefined) forget(keep)
      }),
  }
  if (within === undefined) noteDaemon(daemon.pid, place.folder)
  noteCalls(place)
  try {
    await untilAnswers(child, place, argv)
  } catch (error) {
    await daemon.stop()
    throw error
  }
  // A test that failed without stopping it must not wait for it: the process ends, and so does the daemon.
  child.unref()
  return daemon
}

function launch(place: DaemonPlace, argv: readonly string[], env?: Readonly<Record<string, string>>): ChildProcess {
  const log = openSync(logFile(place), 'a')
  try {
    // setpriv becomes dockerd, which the kernel then tells to end when this process does (prctl(2), PR_SET_PDEATHSIG).
    return spawn('setpriv', ['--pdeathsig', 'TERM', ...argv, ...isolationFlags(place)], {
      stdio: ['ignore', log, log],
      env: cleanEnvironment({ HOME: place.folder, ...env }),
    })
  } finally {
    closeSync(log)
  }
}

const logFile = ({ folder }: DaemonPlace): string => join(folder, 'dockerd.log')

function readLog(place: DaemonPlace): string {
  return existsSync(logFile(place)) ? readFileSync(logFile(place), 'utf8') : ''
}

async function untilAnswers(child: ChildProcess, place: DaemonPlace, argv: readonly string[]): Promise<void> {
  const start = Date.now()
  while (!(await answers(place, argv))) {
    if (hasEnded(child)) throw failure(`dockerd ended with ${child.exitCode ?? child.signalCode}`, place)
    if (Date.now() - start > START_MS) throw failure(`dockerd didn't answer within ${START_MS} ms`, place)
    await delay(25)
  }
}

async function answers(
  { listen: [unix, tcp], socketPath, port }: DaemonPlace,
  argv: readonly string[],
): Promise<boolean> {
  const asked = (listener: string): boolean => argv.some((word) => word.endsWith(listener))
  if (asked(unix) && !(await answersLocally(socketPath))) return false
  const host = /^tcp:\/\/\[?(.*?)\]?:\d+$/.exec(tcp)?.[1]
  return !asked(tcp) || isListening(port, host)
}

function failure(what: string, place: DaemonPlace): Error {
  const lines = readLog(place).trimEnd().split('\n')
  return new Error(`${what}; the end of its log:\n${lines.slice(-12).join('\n')}`)
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

async function stop(child: ChildProcess, place: DaemonPlace, keep: boolean): Promise<void> {
  if (!hasEnded(child)) {
    child.ref()
    const ended = once(child, 'exit')
    await killContainers(place.socketPath)
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await ended.finally(() => clearTimeout(late))
  }
  if (keep) unmountBelow(place.folder)
  else await removeUnmounted(place.folder)
}

/** What outlives a daemon, and what the next one here must not meet: the bridges of its networks and its swarm, and its claim. */
function forget(keep: boolean): void {
  // Not /sys/class/net, which is the host's.
  const bridges =
    readFileSync('/proc/self/net/dev', 'utf8').match(/(?<=^\s*)(br-[0-9a-f]{12}|docker_gwbridge)(?=:)/gm) ?? []
  if (!keep) for (const name of bridges) spawnSync('ip', ['link', 'delete', name], { stdio: 'ignore' })
  forgetDaemon()
}
