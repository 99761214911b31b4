import { execFile } from 'node:child_process'
import { closeSync, readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { childEnvironment } from '../../base/child-environment.ts'
import type { HostUser } from './user.ts'

/** How a command is run as another user. */
export interface AsUser {
  /** What comes before the command. */
  readonly before: readonly string[]
  /** Whether everything that the command has started ends with it, and with this process. */
  readonly endsWhole: boolean
}

/**
 * A PID namespace: all of its processes are killed when its first one ends (pid_namespaces(7)), and that one when this process ends
 * in any way. What the host mounts later is still seen, and /proc shows these processes alone.
 */
const CONTAINED =
  'setpriv --pdeathsig KILL -- unshare --pid --fork --kill-child --propagation slave --mount-proc --'.split(' ')

/**
 * The first process of a PID namespace ignores signals that it doesn't handle, and has to collect what others leave. So it is a
 * shell, whose remarks about the end of the command nobody needs.
 */
const FIRST = ['sh', '-c', 'exec 3>&2 2>/dev/null; (exec "$@" 2>&3 3>&-); exit', 'sh']

/** setpriv(1) also sets the groups, and no_new_privs, with which setuid programs give no rights. */
export async function asUser({ uid, gid }: HostUser): Promise<AsUser> {
  const user = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--no-new-privs', '--']
  const endsWhole = await canContain()
  return { before: endsWhole ? [...CONTAINED, ...FIRST, ...user] : user, endsWhole }
}

/** Root in a container often lacks CAP_SYS_ADMIN; older programs lack these options. */
async function canContain(): Promise<boolean> {
  const [file = '', ...args] = CONTAINED.concat(FIRST, 'true')
  return promisify(execFile)(file, args, { env: childEnvironment(process.env) }).then(
    () => true,
    () => false,
  )
}

/** open(2), in the flags of /proc/PID/fdinfo. */
const CLOSE_ON_EXEC = 0o2000000

/**
 * Closes the descriptors that this process was started with, except the first three: they may be files of root, and a command would get
 * them. Those that Node opens are closed on exec.
 */
export function closeInherited(): void {
  for (const descriptor of readdirSync('/proc/self/fd').map(Number)) {
    const [, flags] = /^flags:\s*(\d+)$/m.exec(fdinfoOf(descriptor)) ?? []
    if (descriptor > 2 && flags !== undefined && (parseInt(flags, 8) & CLOSE_ON_EXEC) === 0) closeSync(descriptor)
  }
}

/** Empty: it was the one that has read the folder. */
function fdinfoOf(descriptor: number): string {
  try {
    return readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1')
  } catch {
    return ''
  }
}
