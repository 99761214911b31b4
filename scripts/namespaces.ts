import { spawn, spawnSync, type ChildProcess, type StdioOptions } from 'node:child_process'
import { readdirSync, readlinkSync, rmdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { onInterrupt } from './interrupt.ts'
import { findProgram, isRoot } from './packages.ts'

/** A temporary folder that exists only in the namespaces: in memory, short (a socket's path has 108 bytes), open to all. */
export const FOLDER = '/run/docker-mtls'
/** Tells a process which namespaces are the host's: it is inside when its own are others. */
const OUTSIDE = 'DOCKER_MTLS_OUTSIDE'
/** Tells a process which run it belongs to. */
const RUN = 'DOCKER_MTLS_RUN'
const UNSHARE = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation=private']
const SETUP: string = fileURLToPath(new URL('namespaces.sh', import.meta.url))

function ownNamespaces(): string {
  return ['mnt', 'net', 'pid'].map((kind) => readlinkSync(`/proc/self/ns/${kind}`)).join(' ')
}

/** Whether this process runs in namespaces that {@link runInNamespaces} made: only there may a daemon be started. */
export function inNamespaces(): boolean {
  const outside = process.env[OUTSIDE]?.split(' ')
  if (outside === undefined || process.platform !== 'linux') return false
  return ownNamespaces()
    .split(' ')
    .every((namespace, index) => namespace !== outside[index])
}

/** Why {@link runInNamespaces} can't be used here, if it can't. */
export function whyNoNamespaces(): string | undefined {
  const lacksIp = findProgram('ip') === undefined ? 'ip (Debian: iproute2) is not installed' : undefined
  return whyNotAllowed() ?? lacksIp
}

/** Why this process may not make namespaces, if it may not: no package helps there. */
export function whyNotAllowed(): string | undefined {
  if (process.platform !== 'linux') return 'this is not Linux'
  if (!isRoot()) return 'only root can make namespaces and start dockerd'
  const { status, error } = spawnSync('unshare', [...UNSHARE, 'true'], { stdio: 'ignore' })
  if (error) return 'unshare (Debian: util-linux) is not installed'
  return status === 0 ? undefined : 'this root may not make namespaces, as in an ordinary container'
}

/** A command in namespaces of its own. */
export interface Enclosed {
  readonly child: ChildProcess
  /** Its exit code, once everything in there has ended. */
  readonly closed: Promise<number>
  /** Ends everything in there at once. */
  readonly kill: () => Promise<void>
}

let runs = 0

/**
 * Starts a command in mount, network and process namespaces of its own: with a copy of /etc, an empty /run, no network
 * but loopback, and {@link FOLDER} as its temporary folder and its home. However it ends, every process in there ends
 * with it. Several may run at a time.
 */
export function spawnInNamespaces(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  stdio: StdioOptions = 'inherit',
): Enclosed {
  const run = `${process.pid}-${++runs}`
  // Should we be killed outright, the kernel kills unshare, and with it everything inside (prctl(2), PR_SET_PDEATHSIG).
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', ...UNSHARE, 'sh', SETUP, FOLDER, ...command], {
    stdio,
    env: { ...env, HOME: FOLDER, TMPDIR: FOLDER, [OUTSIDE]: ownNamespaces(), [RUN]: run },
  })
  const closed = endOf(child).then(async (code) => {
    await removeGroups(() => machineGroups(run))
    return code
  })
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await closed
  }
  return { child, closed, kill }
}

function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
}

/** Runs a command as {@link spawnInNamespaces} does, and gives its exit code. */
export function runInNamespaces(command: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return withoutDaemonGroups(async () => {
    const { closed, kill } = spawnInNamespaces(command, env)
    const forget = onInterrupt(kill)
    return closed.finally(forget)
  })
}

/** Does work in which daemons run, and removes what they leave in the host's control groups. */
export async function withoutDaemonGroups<T>(work: () => Promise<T>): Promise<T> {
  // Who has put us into namespaces tidies up, when nobody else's daemon is in need of them.
  if (inNamespaces()) return work()
  const before = new Set(daemonGroups())
  // Only what wasn't there before, and rmdir(2) leaves a group alone that anybody else uses.
  const tidy = (): Promise<void> => removeGroups(() => daemonGroups().filter((group) => !before.has(group)))
  const forget = onInterrupt(tidy)
  try {
    return await work()
  } finally {
    await tidy()
    forget()
  }
}

/** The control groups that dockerd makes for its containers and leaves behind: `docker`, in each hierarchy (cgroups(7)). */
function daemonGroups(): string[] {
  const root = '/sys/fs/cgroup'
  const hierarchies = [root, ...folders(root)]
  return hierarchies.map((folder) => join(folder, 'docker')).filter((path) => folders(join(path, '..')).includes(path))
}

/** How the names of the control groups begin that a run makes for machines of its own. */
export function machineGroupPrefix(run: string = process.env[RUN] ?? String(process.pid)): string {
  return `docker-mtls-machine-${run}-`
}

/** What machines left behind that were killed together with who would have tidied up. */
function machineGroups(run: string): string[] {
  const root = '/sys/fs/cgroup'
  const all = [root, ...folders(root)].flatMap(folders)
  return all.filter((path) => basename(path).startsWith(machineGroupPrefix(run)))
}

async function removeGroups(find: () => string[]): Promise<void> {
  // A killed namespace takes a moment to die.
  for (let attempt = 0; attempt < 20; attempt++) {
    const groups = find()
    if (groups.length === 0) return
    if (attempt > 0) await delay(100)
    for (const group of groups) removeGroup(group)
  }
}

function removeGroup(path: string): void {
  for (const inner of folders(path)) removeGroup(inner)
  try {
    rmdirSync(path)
  } catch {
    // In use: by what is just ending, or by another daemon that came meanwhile.
  }
}

function folders(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(path, name))
  } catch {
    return []
  }
}
