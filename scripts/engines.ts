import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** An engine that is unpacked beside the system's own, and put in its place in the namespaces of a test. */
export interface Engine {
  readonly id: 'docker' | 'docker-containerd' | 'podman'
  /** The package whose version is the engine's. */
  readonly program: string
  readonly title: string
  /** Debian packages, of the newest suite that has them. */
  readonly packages: readonly string[]
}

const DOCKER = ['docker.io', 'docker-cli', 'containerd', 'runc', 'docker-compose', 'docker-buildx', 'tini-static']
// runc, because crun needs control groups of version 2.
const PODMAN = ['podman', 'conmon', 'netavark', 'aardvark-dns', 'golang-github-containers-common', 'catatonit', 'runc']

export const ENGINES: readonly Engine[] = [
  { id: 'docker', program: 'docker.io', title: 'Docker VERSION, graph drivers', packages: DOCKER },
  { id: 'docker-containerd', program: 'docker.io', title: 'Docker VERSION, containerd store', packages: DOCKER },
  { id: 'podman', program: 'podman', title: 'Podman VERSION', packages: [...PODMAN, 'libgpgme45'] },
]

const LIBRARIES = `usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`
const CACHE = fileURLToPath(new URL('../.cache/engines', import.meta.url))
/** The suites, of which apt-get chooses the newest version. */
const SUITES = 'sid trixie-backports'

/** An engine in its folder, which has usr/ and etc/. */
export interface FetchedEngine extends Engine {
  readonly folder: string
  /** The packages with their versions. */
  readonly versions: readonly string[]
}

export function engineNamed(id: string): Engine {
  const engine = ENGINES.find((known) => known.id === id)
  if (engine === undefined)
    throw new Error(`There is no engine ${id}. Choose ${ENGINES.map((known) => known.id).join(', ')}.`)
  return engine
}

/**
 * Downloads an engine's packages, and unpacks them in `.cache/engines`, once: they are not installed. Delete that folder to
 * get newer versions.
 *
 * @throws Error with the culprit's own words, if the packages can't be had
 */
export function fetchEngine(engine: Engine, say: (line: string) => void): FetchedEngine {
  const folder = join(CACHE, engine.id)
  if (!existsSync(folder)) {
    say(`Fetching ${engine.packages.join(' ')} from ${SUITES.replace(' ', ' or ')}`)
    mkdirSync(CACHE, { recursive: true })
    const partial = mkdtempSync(join(CACHE, 'partial-'))
    try {
      unpack(engine, partial)
      renameSync(partial, folder)
    } finally {
      rmSync(partial, { recursive: true, force: true })
    }
  }
  const versions = readFileSync(join(folder, 'versions'), 'utf8').trimEnd().split('\n')
  const own = versions.find((line) => line.startsWith(`${engine.program} `)) ?? ''
  const title = engine.title.replace('VERSION', /[\d.]+/.exec(own.slice(engine.program.length))?.[0] ?? '')
  return { ...engine, title, folder, versions }
}

function unpack(engine: Engine, folder: string): void {
  const debs = join(folder, 'debs')
  mkdirSync(debs)
  run('apt-get', [...aptOptions(), 'download', '-q', ...engine.packages], debs)
  const files = readdirSync(debs).toSorted()
  for (const file of files) run('dpkg-deb', ['-x', join(debs, file), folder])
  const versions = files.map((file) => decodeURIComponent(file).split('_').slice(0, 2).join(' '))
  writeFileSync(join(folder, 'versions'), `${versions.join('\n')}\n`)
  rmSync(debs, { recursive: true })
  if (engine.id === 'docker-containerd') storeInContainerd(folder)
  // The newest libsubid6 needs a newer libc. Debian 13's libsubid5, which uidmap needs, is enough for Podman.
  if (engine.id === 'podman') symlinkSync('libsubid.so.5', join(folder, LIBRARIES, 'libsubid.so.6'))
}

/** Has dockerd use the containerd image store whatever daemon.json says, as new installs of Docker 29 do. */
function storeInContainerd(folder: string): void {
  const real = 'usr/libexec/docker/dockerd'
  renameSync(join(folder, 'usr/sbin/dockerd'), join(folder, real))
  const program = join(folder, 'usr/sbin/dockerd')
  // moby's own tests choose the store by this variable (daemon/daemon.go).
  writeFileSync(program, `#!/bin/sh\nTEST_INTEGRATION_USE_SNAPSHOTTER=1 exec /${real} "$@"\n`)
  chmodSync(program, 0o755)
}

/** Options that have apt-get know nothing but {@link SUITES}, from the mirror that this machine uses, and change nothing. */
function aptOptions(): string[] {
  const apt = join(CACHE, 'apt')
  const options = [
    `Dir::Etc::sourcelist=${join(apt, 'engines.sources')}`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::lists=${join(apt, 'lists')}`,
    `Dir::Cache=${join(apt, 'cache')}`,
    // Root's folders are closed to the user _apt.
    'APT::Sandbox::User=root',
    'Acquire::http::Timeout=20',
    'Acquire::https::Timeout=20',
  ].flatMap((setting) => ['-o', setting])
  if (existsSync(apt)) return options
  const [mirror, keyring] = ownMirror()
  for (const part of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(apt, part), { recursive: true })
  const source = [`URIs: ${mirror}`, `Suites: ${SUITES}`, 'Components: main', `Signed-By: ${keyring}`]
  writeFileSync(join(apt, 'engines.sources'), `Types: deb\n${source.join('\n')}\n`)
  try {
    run('apt-get', [...options, 'update', '-q'])
  } catch (error) {
    rmSync(apt, { recursive: true })
    throw error
  }
  return options
}

/** The address of Debian's archive that apt-get uses here, and the keyring by which it trusts that. */
function ownMirror(): [mirror: string, keyring: string] {
  const format = '$(CREATED_BY) $(REPO_URI) $(COMPONENT) $(SIGNED_BY)'
  const targets = run('apt-get', ['indextargets', '--format', format]).split('\n')
  const found = targets
    .map((line) => /^Packages (\S*\/debian\/?) main (\S+)$/.exec(line))
    .find((match) => match !== null)
  if (!found?.[1] || !found[2]) throw new Error("apt-get's sources name no mirror of Debian with a keyring")
  return [found[1], found[2]]
}

function run(program: string, args: readonly string[], cwd = '/'): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: 300_000 })
  if (error) throw error
  if (status !== 0) throw new Error(`${program} failed: ${stderr.trim().split('\n').slice(-3).join(' ')}`)
  return stdout
}
