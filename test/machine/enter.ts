import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'

/** What a command in the machine did. */
export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string | Uint8Array
  /** Besides PATH, HOME, USER and LC_ALL. */
  readonly env?: Readonly<Record<string, string>>
  /** @defaultValue root */
  readonly user?: string
}

/** A command that is still running in the machine. */
export interface Running {
  /** All lines of its stdout so far. */
  readonly lines: readonly string[]
  /** What it reads. */
  readonly stdin: NodeJS.WritableStream
  /** Its end, with all that it said. A killed one has the code 137. */
  readonly ended: Promise<Ran>
  /** Waits for a line of stdout, among those of before, too. Undefined when it ended without such a line. */
  line(pattern: RegExp): Promise<string | undefined>
  /** kill -9 of its whole process group, and waits for its end. What has left the group lives on, as it would anywhere. */
  kill(): Promise<Ran>
}

/** Where a command is to run. */
export interface Entrance {
  /** PID 1 of the machine, as seen from here. */
  readonly pid: number
  /** A cgroup of the machine's for those who come from outside: in none of them systemd could not move them. */
  readonly cgroup: string
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Runs a command in the machine until its end; a failure is a result, not an exception. */
export async function runIn(entrance: Entrance, argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = enter(entrance, argv, options)
  // A program that doesn't read its input closes it: no failure of ours.
  child.stdin.on('error', () => undefined).end(options.input)
  const [code, stdout, stderr] = await Promise.all([endOf(child), text(child.stdout), text(child.stderr)])
  return { code, stdout, stderr }
}

/** Starts a command in the machine. */
export function spawnIn(entrance: Entrance, argv: readonly string[], options: RunOptions = {}): Running {
  const child = enter(entrance, argv, options)
  child.stdin.on('error', () => undefined)
  if (options.input !== undefined) child.stdin.end(options.input)
  const lines: string[] = []
  const waiting = new Set<() => void>()
  const tell = (): void => waiting.forEach((look) => look())
  const read = createInterface(child.stdout).on('line', (line) => {
    lines.push(line)
    tell()
  })
  let over = false
  const closed = new Promise<void>((resolve) => read.once('close', resolve))
  const ended = Promise.all([endOf(child), text(child.stderr), closed]).then(([code, stderr]) => {
    over = true
    tell()
    return { code, stdout: lines.map((line) => `${line}\n`).join(''), stderr }
  })
  const line = (pattern: RegExp): Promise<string | undefined> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = lines.find((one) => pattern.test(one))
        if (found === undefined && !over) return
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      look()
    })
  const kill = (): Promise<Ran> => {
    killGroup(child)
    return ended
  }
  return { lines, stdin: child.stdin, ended, line, kill }
}

/** In a process group of its own, which the kernel knows by our number for it in there, too. */
function enter(
  { pid, cgroup }: Entrance,
  argv: readonly string[],
  options: RunOptions,
): ChildProcessWithoutNullStreams {
  const { user = 'root', env = {} } = options
  const home = user === 'root' ? '/root' : `/home/${user}`
  const variables = { PATH, HOME: home, USER: user, LOGNAME: user, LC_ALL: 'C.UTF-8', ...env }
  const login = user === 'root' ? [] : ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups', '--']
  const inside = ['--target', String(pid), '--all', '--wdns=/', '--', ...login, ...argv]
  // The shell adds PWD, a folder of ours.
  const script = 'unset PWD; test -d "$0" || mkdir -p "$0"; echo $$ >"$0/cgroup.procs"; exec nsenter "$@"'
  return spawn('sh', ['-c', script, cgroup, ...inside], { stdio: 'pipe', detached: true, env: variables })
}

function endOf(child: ChildProcessWithoutNullStreams): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 137))
  })
}

function killGroup(child: ChildProcessWithoutNullStreams): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
