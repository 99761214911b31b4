import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { onInterrupt } from './interrupt.ts'
import { withoutServiceStarts } from './service-starts.ts'

/** A Debian package, and how to see that what it brings is there, from whichever package. */
export interface DebianPackage {
  readonly name: string
  /** A command, or an absolute path. */
  readonly provides: string
  readonly neededFor: string
}

/** A Docker Engine, its command line, and what a daemon in namespaces of its own needs. */
export const ENGINE_PACKAGES: readonly DebianPackage[] = [
  { name: 'docker.io', provides: 'dockerd', neededFor: 'a real Docker Engine' },
  { name: 'docker-cli', provides: 'docker', neededFor: "Docker's own command line" },
  { name: 'iptables', provides: 'iptables', neededFor: "dockerd's networks" },
  { name: 'iproute2', provides: 'ip', neededFor: 'network namespaces' },
  { name: 'util-linux', provides: 'unshare', neededFor: 'mount, network and process namespaces' },
  { name: 'busybox-static', provides: 'busybox', neededFor: 'an image made on the spot' },
]

/** What the tests need beside an engine: other judges and other clients. */
export const TEST_PACKAGES: readonly DebianPackage[] = [
  ...ENGINE_PACKAGES,
  { name: 'ca-certificates', provides: '/etc/ssl/certs/ca-certificates.crt', neededFor: "the system's own CAs" },
  { name: 'curl', provides: 'curl', neededFor: 'another HTTP client' },
  { name: 'openssl', provides: 'openssl', neededFor: 'a judge of certificates' },
  { name: 'binutils', provides: 'readelf', neededFor: 'a judge of programs' },
  { name: 'gnutls-bin', provides: 'certtool', neededFor: 'a judge of certificates' },
  { name: 'libnss3-tools', provides: 'certutil', neededFor: 'a judge of certificates' },
  {
    name: 'python3-docker',
    provides: '/usr/lib/python3/dist-packages/docker/__init__.py',
    neededFor: "Docker's Python client",
  },
  { name: 'zsh', provides: 'zsh', neededFor: 'a shell that reads our variables' },
  { name: 'fish', provides: 'fish', neededFor: 'a shell that reads our variables' },
  { name: 'systemd', provides: '/usr/lib/systemd/systemd', neededFor: 'a judge of drop-ins' },
  { name: 'openssh-client', provides: 'ssh', neededFor: 'endpoints of the form ssh://' },
  { name: 'openssh-server', provides: 'sshd', neededFor: 'a real server for ssh:// endpoints' },
  { name: 'sudo', provides: 'sudo', neededFor: 'users of a machine of our own who are not root' },
  { name: 'dbus', provides: 'dbus-daemon', neededFor: 'a systemd that others speak to' },
  { name: 'faketime', provides: 'faketime', neededFor: 'another time' },
  { name: 'tinyproxy', provides: 'tinyproxy', neededFor: 'a real HTTP proxy' },
  { name: 'docker-registry', provides: 'docker-registry', neededFor: 'a real registry' },
  { name: 'apache2-utils', provides: 'htpasswd', neededFor: "the registry's users" },
]

/** What `npm run check` needs. */
export const CHECK_PACKAGES: readonly DebianPackage[] = [
  { name: 'shellcheck', provides: 'shellcheck', neededFor: 'a judge of shell programs' },
]

/** Where Debian has programs for root that an ordinary user's PATH leaves out. */
const ROOTS_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin']

/** The absolute path of a command, if there is such a command; an absolute path stands for itself. */
export function findProgram(provides: string): string | undefined {
  if (isAbsolute(provides)) return existsSync(provides) ? provides : undefined
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...ROOTS_FOLDERS].filter(isAbsolute)
  return folders.map((folder) => join(folder, provides)).find((path) => existsSync(path))
}

export function missingPackages(packages: readonly DebianPackage[]): DebianPackage[] {
  return packages.filter(({ provides }) => findProgram(provides) === undefined)
}

/** Debian, Ubuntu or another child of Debian (os-release(5)). */
export function isDebian(): boolean {
  if (process.platform !== 'linux' || !existsSync('/etc/os-release')) return false
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'))
}

export function isRoot(): boolean {
  return process.getuid?.() === 0
}

/** Why packages can't be installed here, if they can't. */
export function whyNoInstall(): string | undefined {
  if (!isDebian() || findProgram('apt-get') === undefined) return 'this is no Debian or Ubuntu with apt-get'
  return isRoot() ? undefined : 'only root can install packages'
}

/**
 * Installs with apt-get what is missing, starting no service meanwhile, and gives back what is still missing.
 *
 * @param packages - what is wanted
 * @param say - gets a line for a person where there is something to tell
 */
export async function ensurePackages(
  packages: readonly DebianPackage[],
  say: (line: string) => void,
): Promise<DebianPackage[]> {
  const missing = missingPackages(packages)
  if (missing.length === 0) return []
  const obstacle = whyNoInstall()
  if (obstacle === undefined) {
    say(`Installing with apt-get, and starting no service: ${names(missing)}`)
    await withoutServiceStarts((prefix) => install(prefix, missing))
  }
  const absent = missingPackages(missing)
  if (absent.length > 0) say(`Missing: ${absent.map(describe).join(', ')}${obstacle ? `; ${obstacle}` : ''}.`)
  return absent
}

function names(packages: readonly DebianPackage[]): string {
  return packages.map(({ name }) => name).join(' ')
}

function describe({ name, neededFor }: DebianPackage): string {
  return `${name} (${neededFor})`
}

async function install(prefix: readonly string[], packages: readonly DebianPackage[]): Promise<void> {
  // A list that can't be refreshed may still do: what it doesn't know is said below.
  await run([...prefix, 'apt-get', 'update', '-q'])
  const known = []
  for (const { name } of packages) {
    // Ubuntu and Debian 12 have no docker-cli: there docker.io brings `docker`.
    if ((await run(['apt-cache', 'show', '--no-all-versions', name])).code === 0) known.push(name)
  }
  if (known.length === 0) return
  // --no-remove: nothing that a person has installed makes room for what we want.
  const options = ['-q', '-y', '--no-install-recommends', '--no-remove', '-o', 'DPkg::Lock::Timeout=120']
  const { code, output } = await run([...prefix, 'apt-get', 'install', ...options, ...known])
  if (code !== 0)
    throw new Error(`apt-get install ${known.join(' ')} failed:\n${output.split('\n').slice(-5).join('\n')}`)
}

function run(command: readonly string[]): Promise<{ code: number; output: string }> {
  const [file = '', ...args] = command
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' }
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
  let output = ''
  const keep = (chunk: Buffer): void => void (output += chunk.toString())
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const closed = new Promise<{ code: number; output: string }>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? 1, output }))
  })
  // Half an installation helps nobody: apt-get is told, and stops at a place that it chooses.
  const forget = onInterrupt(async () => {
    child.kill('SIGINT')
    await closed
  })
  return closed.finally(forget)
}
