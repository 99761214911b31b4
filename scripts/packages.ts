import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { exitCodeOf } from './child.ts'
import { withoutServiceStarts } from './service-starts.ts'

/** A Debian package, and how to detect its program, whichever package installed it. */
export interface DebianPackage {
  readonly name: string
  /** A command, or an absolute path. */
  readonly provides: string
  readonly neededFor: string
}

/** The packages for a Docker Engine, its command line, and a daemon in its own namespaces. */
export const ENGINE_PACKAGES: readonly DebianPackage[] = [
  { name: 'docker.io', provides: 'dockerd', neededFor: 'a real Docker Engine' },
  { name: 'docker-cli', provides: 'docker', neededFor: "Docker's own command line" },
  { name: 'iptables', provides: 'iptables', neededFor: "dockerd's networks" },
  { name: 'iproute2', provides: 'ip', neededFor: 'network namespaces' },
  { name: 'util-linux', provides: 'unshare', neededFor: 'mount, network and process namespaces' },
  { name: 'busybox-static', provides: 'busybox', neededFor: 'creating a test image' },
]

/** The packages that the tests need in addition to an engine. */
export const TEST_PACKAGES: readonly DebianPackage[] = [
  ...ENGINE_PACKAGES,
  { name: 'ca-certificates', provides: '/etc/ssl/certs/ca-certificates.crt', neededFor: "the system's own CAs" },
  { name: 'curl', provides: 'curl', neededFor: 'another HTTP client' },
  { name: 'openssl', provides: 'openssl', neededFor: 'checking certificates' },
  { name: 'binutils', provides: 'readelf', neededFor: 'inspecting programs' },
  { name: 'gnutls-bin', provides: 'certtool', neededFor: 'checking certificates' },
  { name: 'libnss3-tools', provides: 'certutil', neededFor: 'checking certificates' },
  {
    name: 'python3-docker',
    provides: '/usr/lib/python3/dist-packages/docker/__init__.py',
    neededFor: "Docker's Python client",
  },
  { name: 'docker-compose', provides: 'docker-compose', neededFor: 'creating containers from Compose files' },
  {
    name: 'docker-buildx',
    provides: '/usr/libexec/docker/cli-plugins/docker-buildx',
    neededFor: 'builds by BuildKit with the docker command',
  },
  { name: 'sslscan', provides: 'sslscan', neededFor: 'another look at TLS' },
  { name: 'zsh', provides: 'zsh', neededFor: 'testing variables for zsh' },
  { name: 'fish', provides: 'fish', neededFor: 'testing variables for fish' },
  { name: 'systemd', provides: '/usr/lib/systemd/systemd', neededFor: 'checking drop-ins' },
  { name: 'openssh-client', provides: 'ssh', neededFor: 'ssh:// endpoints' },
  { name: 'openssh-server', provides: 'sshd', neededFor: 'a real server for ssh:// endpoints' },
  { name: 'git', provides: 'git', neededFor: 'repositories that daemons build from' },
  { name: 'sudo', provides: 'sudo', neededFor: 'users of test machines who are not root' },
  { name: 'dbus', provides: 'dbus-daemon', neededFor: 'the systemd of test machines' },
  { name: 'faketime', provides: 'faketime', neededFor: 'changing the clock of a process' },
  { name: 'tinyproxy', provides: 'tinyproxy', neededFor: 'a real HTTP proxy' },
  { name: 'docker-registry', provides: 'docker-registry', neededFor: 'a real registry' },
  { name: 'rootlesskit', provides: 'rootlesskit', neededFor: 'a daemon that does not run as root' },
  { name: 'slirp4netns', provides: 'slirp4netns', neededFor: 'the network of such a daemon' },
  { name: 'uidmap', provides: 'newuidmap', neededFor: 'a daemon that does not run as root' },
  { name: 'apache2-utils', provides: 'htpasswd', neededFor: "the registry's users" },
]

/** The package for a browser, which is large: only tests that look at pages need it. */
export const BROWSER_PACKAGES: readonly DebianPackage[] = [
  { name: 'chromium-headless-shell', provides: 'chromium-headless-shell', neededFor: 'looking at pages' },
]

/** The packages that `npm run check` needs. */
export const CHECK_PACKAGES: readonly DebianPackage[] = [
  { name: 'shellcheck', provides: 'shellcheck', neededFor: 'checking shell programs' },
]

/** Debian's folders for root's programs, which an ordinary user's PATH omits. */
const ROOT_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin']

/** Returns the absolute path of a command, if it exists. An absolute path is returned unchanged. */
export function findProgram(provides: string): string | undefined {
  if (isAbsolute(provides)) return existsSync(provides) ? provides : undefined
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...ROOT_FOLDERS].filter(isAbsolute)
  return folders.map((folder) => join(folder, provides)).find((path) => existsSync(path))
}

export function missingPackages(packages: readonly DebianPackage[]): DebianPackage[] {
  return packages.filter(({ provides }) => findProgram(provides) === undefined)
}

/** Debian, Ubuntu or another derivative of Debian (os-release(5)). */
export function isDebian(): boolean {
  if (process.platform !== 'linux' || !existsSync('/etc/os-release')) return false
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'))
}

export function isRoot(): boolean {
  return process.getuid?.() === 0
}

/** Returns why packages can't be installed here, or undefined if they can. */
export function whyNoInstall(): string | undefined {
  if (!isDebian() || findProgram('apt-get') === undefined) return 'this is not Debian or Ubuntu with apt-get'
  return isRoot() ? undefined : 'only root can install packages'
}

/**
 * Installs missing packages with apt-get without starting services, and returns those that are still missing.
 *
 * @param packages - the required packages
 * @param say - prints a line for the user
 */
export async function ensurePackages(
  packages: readonly DebianPackage[],
  say: (line: string) => void,
): Promise<DebianPackage[]> {
  const missing = missingPackages(packages)
  if (missing.length === 0) return []
  const obstacle = whyNoInstall()
  if (obstacle === undefined) {
    say(`Installing with apt-get, without starting services: ${names(missing)}`)
    await withoutServiceStarts((prefix) => install(prefix, missing, say))
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

async function install(
  prefix: readonly string[],
  packages: readonly DebianPackage[],
  say: (line: string) => void,
): Promise<void> {
  // The existing list may be enough if refreshing fails. Unknown packages are reported below.
  await run([...prefix, 'apt-get', 'update', '-q'])
  const known = []
  for (const { name } of packages) {
    // Ubuntu and Debian 12 have no docker-cli: their docker.io contains `docker`.
    if ((await run(['apt-cache', 'show', '--no-all-versions', name])).code === 0) known.push(name)
  }
  if (known.length === 0) return
  // --no-remove: never remove a package that the user has installed.
  const options = ['-q', '-y', '--no-install-recommends', '--no-remove', '-o', 'DPkg::Lock::Timeout=120']
  say(sizesIn((await run([...prefix, 'apt-get', 'install', ...options, '--assume-no', ...known])).output))
  const { code, output } = await run([...prefix, 'apt-get', 'install', ...options, ...known])
  if (code !== 0)
    throw new Error(`apt-get install ${known.join(' ')} failed:\n${output.split('\n').slice(-5).join('\n')}`)
}

/** How much apt-get would download and install, in its own words. */
function sizesIn(output: string): string {
  const download = /^Need to get (.*?)(?:\/.*)? of archives/m.exec(output)?.[1] ?? 'an unknown amount'
  const disk = /^After this operation, (.*) of additional disk space/m.exec(output)?.[1] ?? 'an unknown amount'
  return `It downloads ${download} and takes ${disk} of disk space. This happens once, and takes a minute or two.`
}

async function run(command: readonly string[]): Promise<{ code: number; output: string }> {
  const [file = '', ...args] = command
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' }
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
  let output = ''
  const keep = (chunk: Buffer): void => void (output += chunk.toString())
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  // Never leaves a half-finished installation: apt-get gets a signal and stops at a safe point.
  const code = await exitCodeOf(child, 'SIGINT')
  return { code, output }
}
