import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Socket } from 'node:net'
import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { machineGroupPrefix } from '../../scripts/namespaces.ts'

/** The process that holds the machine's disk, boots it, and removes it. */
export interface Supervisor {
  readonly pid: number
  /** The machine's disk, as the mount namespace of the supervisor has it. */
  readonly disk: string
  /** The cgroup for commands that enter the machine. */
  readonly cgroup: string
  /** Boots, and says which PID we know the machine's PID 1 by. */
  boot(): Promise<number>
  /** Waits until every process of a machine whose PID 1 was killed is gone. */
  waitForEnd(): Promise<void>
  /** Ends the machine, and everything in it. */
  stop(): Promise<void>
  /** What it complained of. */
  readonly complaints: readonly string[]
}

const SCRIPT = fileURLToPath(new URL('boot.sh', import.meta.url))

/**
 * Starts a supervisor. It dies with this process, even when that is killed, and the machine with it.
 *
 * @param variables - the MACHINE_* variables of boot.sh
 */
export function startSupervisor(variables: Readonly<Record<string, string>>): Supervisor {
  const folder = mkdtempSync(join(tmpdir(), 'docker-mtls-machine-'))
  const name = machineGroupPrefix() + folder.slice(-6)
  const { PATH, DOCKER_MTLS_ENGINE } = process.env
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', 'unshare', '--mount', 'sh', SCRIPT, 'outer', folder, name], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH, LC_ALL: 'C.UTF-8', ...(DOCKER_MTLS_ENGINE && { DOCKER_MTLS_ENGINE }), ...variables },
  })
  const complaints: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => complaints.push(text))
  child.stdin.on('error', () => undefined)
  const lines = lineReader(createInterface(child.stdout))
  const pid = child.pid ?? 0
  let booted = 0
  return {
    pid,
    disk: `${folder}/disk`,
    cgroup: `/proc/${pid}/root${folder}/cgroup/${name}/visitors`,
    complaints,
    boot: async () => {
      if (booted++ > 0) child.stdin.write('boot\n')
      const line = await whileHeld(child, lines)
      if (!/^\d+$/.test(line)) throw new Error(`it ended before it had a PID: ${line}`)
      return Number(line)
    },
    waitForEnd: async () => {
      if ((await whileHeld(child, lines)) !== 'ended') throw new Error('the machine did not end')
    },
    stop: stopper(child, folder),
  }
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>

/** A test that failed without stopping its machine must not wait for it: only while we do so does it keep this process. */
async function whileHeld<Result>(child: Child, work: () => Promise<Result>): Promise<Result> {
  hold(child, true)
  try {
    return await work()
  } finally {
    hold(child, false)
  }
}

function hold(child: Child, isHeld: boolean): void {
  // The pipes of a child are sockets (child_process.spawn).
  const handles = [child, child.stdin, child.stdout, child.stderr] as unknown as Pick<Socket, 'ref' | 'unref'>[]
  for (const handle of handles) {
    if (isHeld) handle.ref()
    else handle.unref()
  }
}

/** Gives one line after the other. */
function lineReader(reader: Interface): () => Promise<string> {
  const iterator = reader[Symbol.asyncIterator]()
  return async () => {
    const { done, value } = await iterator.next()
    if (done === true) throw new Error('its supervisor ended')
    return value
  }
}

function stopper(child: Child, folder: string): () => Promise<void> {
  const kill = (): boolean => child.kill('SIGTERM')
  const ended = once(child, 'close')
  process.once('exit', kill)
  let stopped: Promise<void> | undefined
  const stop = async (): Promise<void> => {
    hold(child, true)
    kill()
    await ended
    process.off('exit', kill)
    rmSync(folder, { recursive: true, force: true })
  }
  return () => (stopped ??= stop())
}
