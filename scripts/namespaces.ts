import { spawn, spawnSync, type ChildProcess, type StdioOptions } from 'node:child_process'
import { readdirSync, readlinkSync, rmdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { endOf } from './child.ts'
import { onInterrupt } from './interrupt.ts'
import { findProgram, isRoot } from './packages.ts'

/**
 * A temporary folder that exists only inside the namespaces. It is in memory, writable for everyone, and short, because
 * the path of a socket is limited to 108 bytes.
 */
export const FOLDER = '/run/docker-mtls'
/** An environment variable with the host's namespaces. A process whose own namespaces differ is inside. */
const OUTSIDE = 'DOCKER_MTLS_OUTSIDE'
/** An environment variable with the id of the run. */
const RUN = 'DOCKER_MTLS_RUN'
const UNSHARE = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation=private']
const SETUP: string = fileURLToPath(new URL('namespaces.sh', import.meta.url))

function ownNamespaces(): string {
  return ['mnt', 'net', 'pid'].map((kind) => readlinkSync(`/proc/self/ns/${kind}`)).join(' ')
}

/** Whether this process runs in namespaces created by {@link runInNamespaces}. Only there may tests start a daemon. */
export function inNamespaces(): boolean {
  const outside = process.env[OUTSIDE]?.split(' ')
  if (outside === undefined || process.platform !== 'linux') return false
  return ownNamespaces()
    .split(' ')
    .every((namespace, index) => namespace !== outside[index])
}

/** Returns why {@link runInNamespaces} can't be used here, or undefined if it can. */
export function whyNoNamespaces(): string | undefined {
  const lacksIp = findProgram('ip') === undefined ? 'ip (Debian: iproute2) is not installed' : undefined
  return whyNotAllowed() ?? lacksIp
}

/** Returns why this process may not create namespaces, or undefined. Installing a package can't help. */
export function whyNotAllowed(): string | undefined {
  if (process.platform !== 'linux') return 'this is not Linux'
  if (!isRoot()) return 'only root can create namespaces and start dockerd'
  const { status, error } = spawnSync('unshare', [...UNSHARE, 'true'], { stdio: 'ignore' })
  if (error) return 'unshare (Debian: util-linux) is not installed'
  return status === 0 ? undefined : 'root may not create namespaces here, as in an ordinary container'
}

/** A command that runs in its own namespaces. */
export interface NamespacedCommand {
  readonly child: ChildProcess
  /** Resolves with the exit code after all processes inside have ended. */
  readonly closed: Promise<number>
  /** Kills all processes inside. */
  readonly kill: () => Promise<void>
}

let runs = 0

/**
 * Starts a command in its own mount, network and process namespaces. It gets a copy of /etc, an empty /run, only the
 * loopback network, and {@link FOLDER} as its temporary folder and home. When the command ends for any reason, all
 * processes inside end too. Several may run at a time.
 */
export function spawnInNamespaces(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  stdio: StdioOptions = 'inherit',
): NamespacedCommand {
  const run = `${process.pid}-${++runs}`
  // If this process is killed, the kernel kills unshare and with it all processes inside (prctl(2), PR_SET_PDEATHSIG).
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

/** Runs a command like {@link spawnInNamespaces}, and returns its exit code. */
export function runInNamespaces(command: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return withoutDaemonGroups(async () => {
    const { closed, kill } = spawnInNamespaces(command, env)
    const forget = onInterrupt(kill)
    return closed.finally(forget)
  })
}

/** Runs work that starts daemons, then removes the control groups that they leave on the host. */
export async function withoutDaemonGroups<T>(work: () => Promise<T>): Promise<T> {
  // The process that created the namespaces removes the groups, when no other daemon needs them.
  if (inNamespaces()) return work()
  const before = new Set(daemonGroups())
  // Only new groups. rmdir(2) fails for a group that is still in use.
  const tidy = (): Promise<void> => removeGroups(() => daemonGroups().filter((group) => !before.has(group)))
  const forget = onInterrupt(tidy)
  try {
    return await work()
  } finally {
    await tidy()
    forget()
  }
}

/**
 * The control groups named `docker` in each hierarchy, which dockerd creates for its containers and doesn't remove
 * (cgroups(7)).
 */
function daemonGroups(): string[] {
  const root = '/sys/fs/cgroup'
  const hierarchies = [root, ...folders(root)]
  return hierarchies.map((folder) => join(folder, 'docker')).filter((path) => folders(join(path, '..')).includes(path))
}

/** The prefix of the names of control groups that a run creates for its machines. */
export function machineGroupPrefix(run: string = process.env[RUN] ?? String(process.pid)): string {
  return `docker-mtls-machine-${run}-`
}

/** Control groups of machines that were killed together with the process that removes them. */
function machineGroups(run: string): string[] {
  const root = '/sys/fs/cgroup'
  const all = [root, ...folders(root)].flatMap(folders)
  return all.filter((path) => basename(path).startsWith(machineGroupPrefix(run)))
}

async function removeGroups(find: () => string[]): Promise<void> {
  // A killed namespace takes a moment to end.
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
    // In use by a process that is just ending, or by another daemon started meanwhile.
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
