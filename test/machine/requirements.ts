import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inNamespaces } from '../../scripts/namespaces.ts'
import { lacks } from '../support/requirements.ts'

const TOOLS = ['unshare', 'nsenter', 'setpriv', 'mount', 'ip', 'systemctl', 'hostname']
/** What a machine with everything in it needs besides. */
const ALL = ['dockerd', 'docker', 'containerd', 'iptables', 'busybox', 'sshd', 'ssh', 'sudo', 'dbus-daemon', 'openssl']
const SYSTEMD = '/lib/systemd/systemd'

/** Why a bare systemd can't be booted on this machine: names what is missing. Undefined when it can. */
export function missingForSystemd(): string | undefined {
  if (process.platform !== 'linux') return 'systemd needs Linux'
  if (process.getuid?.() !== 0) return 'booting a systemd needs root'
  if (!existsSync(SYSTEMD)) return 'systemd is not installed'
  const folders = (process.env['PATH'] ?? '').split(':')
  const missing = TOOLS.find((tool) => !folders.some((folder) => existsSync(join(folder, tool))))
  if (missing !== undefined) return `${missing} is not installed`
  return canMount() ? undefined : 'this kernel or container allows no overlay of / or no cgroup2 in a mount namespace'
}

/** Why a machine with docker, sshd and a network can't be booted here, in the form that node:test's `skip` takes. */
export function lacksMachine(): string | false {
  const lack = lacks('namespaces', ...ALL)
  if (lack !== false) return lack
  return inNamespaces() ? (missingForSystemd() ?? false) : 'it runs only in namespaces of its own: npm test -- FILE'
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
