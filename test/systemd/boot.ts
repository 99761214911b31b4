import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** What a command in the booted machine did. */
export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A running systemd. */
export interface Machine {
  /** The PID that the host knows its PID 1 by. */
  readonly pid: number
  /** Its root file system, as seen from here: write units below it. */
  readonly root: string
  run(argv: readonly string[]): Promise<Ran>
  /** Ends it, and everything in it. */
  stop(): Promise<void>
}

const SCRIPT = fileURLToPath(new URL('boot.sh', import.meta.url))
const TOOLS = ['unshare', 'nsenter', 'setpriv', 'mount', 'ip', 'systemctl']
const SYSTEMD = '/lib/systemd/systemd'
const BOOT_TIMEOUT_MS = 30_000

/** Why a systemd can't be booted on this machine: names what is missing. Undefined when it can. */
export function missingForSystemd(): string | undefined {
  if (process.platform !== 'linux') return 'systemd needs Linux'
  if (process.getuid?.() !== 0) return 'booting a systemd needs root'
  if (!existsSync(SYSTEMD)) return 'systemd is not installed'
  const folders = (process.env['PATH'] ?? '').split(':')
  const missing = TOOLS.find((tool) => !folders.some((folder) => existsSync(join(folder, tool))))
  if (missing !== undefined) return `${missing} is not installed`
  return canMount() ? undefined : 'this kernel or container allows no overlay of / or no cgroup2 in a mount namespace'
}

/** Tried, because there are many reasons: an old kernel, seccomp, a container without CAP_SYS_ADMIN. */
function canMount(): boolean {
  const script = [
    'mount --make-rprivate / && mount -t tmpfs none "$0" && mkdir "$0/upper" "$0/work" "$0/root" "$0/cgroup"',
    'mount -t overlay -o "lowerdir=/,upperdir=$0/upper,workdir=$0/work" none "$0/root"',
    'mount -t cgroup2 none "$0/cgroup" && mkdir "$0/cgroup/${0##*/}" && rmdir "$0/cgroup/${0##*/}"',
  ].join(' && ')
  const folder = mkdtempSync(join(tmpdir(), 'docker-mtls-overlay-'))
  try {
    execFileSync('unshare', ['--mount', '--uts', '--ipc', '--net', '--cgroup', 'sh', '-c', script, folder], {
      stdio: 'ignore',
    })
    return true
  } catch {
    return false
  } finally {
    rmdirSync(folder)
  }
}

/**
 * Boots the machine's own systemd in namespaces: own mounts, processes, network, names and cgroup, and an overlay
 * of / whose writes go into a tmpfs. It dies with this process, even when that is killed.
 */
export async function bootSystemd(): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), 'docker-mtls-systemd-'))
  const supervisor = spawn(
    'setpriv',
    ['--pdeathsig', 'TERM', 'unshare', '--mount', 'sh', SCRIPT, 'outer', folder, basename(folder)],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const complaints: string[] = []
  supervisor.stderr.setEncoding('utf8').on('data', (text: string) => complaints.push(text))
  const stop = stopper(supervisor, folder)
  try {
    const pid = await readPid(supervisor)
    const machine: Machine = { pid, root: `/proc/${pid}/root`, run: (argv) => runIn(pid, argv), stop }
    await waitForBoot(machine)
    return machine
  } catch (cause) {
    await stop()
    throw new Error(`systemd did not boot: ${complaints.join('')}`, { cause })
  }
}

function stopper(supervisor: ChildProcess, folder: string): () => Promise<void> {
  const kill = (): boolean => supervisor.kill('SIGTERM')
  const ended = once(supervisor, 'close')
  process.once('exit', kill)
  let stopped: Promise<void> | undefined
  const stop = async (): Promise<void> => {
    kill()
    await ended
    process.off('exit', kill)
    rmSync(folder, { recursive: true, force: true })
  }
  return () => (stopped ??= stop())
}

async function readPid(supervisor: ChildProcess): Promise<number> {
  if (supervisor.stdout === null) throw new Error('the supervisor has no output')
  for await (const line of createInterface(supervisor.stdout)) return Number(line)
  throw new Error('it ended before it had a PID')
}

async function waitForBoot(machine: Machine): Promise<void> {
  const deadline = Date.now() + BOOT_TIMEOUT_MS
  for (;;) {
    const { stdout, stderr } = await machine.run(['systemctl', 'is-system-running'])
    const state = stdout.trim()
    if (state === 'running' || state === 'degraded') return
    if (Date.now() > deadline) throw new Error(`it is ${state || stderr} after ${BOOT_TIMEOUT_MS} ms`)
    await sleep(50)
  }
}

function runIn(pid: number, argv: readonly string[]): Promise<Ran> {
  const entered = [
    '--target',
    String(pid),
    '--all',
    '--',
    'env',
    '-i',
    'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
    'LC_ALL=C.UTF-8',
    ...argv,
  ]
  return new Promise((resolve) => {
    execFile('nsenter', entered, { maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
      resolve({ code, stdout, stderr })
    })
  })
}
