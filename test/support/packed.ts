import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand, type CommandResult } from './command.ts'

/** The checkout. */
export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url))
/** What a package is made of; node_modules is only lent. */
const PARTS = ['lib', 'scripts', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'README.md', 'LICENSE']
const PAPERS = ['docs', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md']

export interface PackedFile {
  readonly path: string
  readonly mode: number
}

export interface Packed {
  readonly tarball: string
  readonly integrity: string
  readonly version: string
  readonly files: readonly PackedFile[]
}

/** Runs a program of npm's or of node_modules with this very Node, and fails with what it said. */
export async function run(cwd: string, file: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await attempt(cwd, file, ...args)
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`)
  return stdout
}

/** As {@link run}, with a failure as a result. */
export function attempt(cwd: string, file: string, ...args: string[]): Promise<CommandResult> {
  const PATH = [dirname(process.execPath), join(ROOT, 'node_modules/.bin'), '/usr/bin', '/bin'].join(delimiter)
  const cache = process.env['npm_config_cache']
  const quiet = {
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
    NO_COLOR: '1',
  }
  const env = { PATH, ...quiet, ...(cache !== undefined && { npm_config_cache: cache }) }
  return runCommand(file, args, { cwd, env, timeout: 400_000 })
}

/**
 * Builds and packs a copy: the checkout's own dist may be in use.
 *
 * @param built - a folder with the code, which is packed instead: tsc needs 25 s of CPU time for the types
 */
export async function pack(folder: string, built?: string): Promise<Packed> {
  const copy = join(folder, 'copy')
  for (const part of [...PARTS, ...PAPERS]) await cp(join(ROOT, part), join(copy, part), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  if (built !== undefined) await cp(built, join(copy, 'dist'), { recursive: true })
  const options = [
    '--json',
    '--silent',
    '--pack-destination',
    folder,
    ...(built === undefined ? [] : ['--ignore-scripts']),
  ]
  const [made] = JSON.parse(await run(copy, 'npm', 'pack', ...options)) as [
    { filename: string; integrity: string; version: string; files: PackedFile[] },
  ]
  return { ...made, tarball: join(folder, made.filename) }
}

interface Locked {
  readonly version: string
  readonly dev?: boolean
  readonly hasInstallScript?: boolean
}

interface Lock {
  readonly packages: Readonly<Record<string, Locked>>
}

/** What comes along with the package, by our own lock file. */
export async function lockedDependencies(): Promise<Lock['packages']> {
  const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as Lock
  return Object.fromEntries(Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true))
}

/** Without an address npm would ask the registry for one; with it, it looks first for the contents, by their hash. */
function addressed(packages: Lock['packages'], registry: string): Record<string, object> {
  const entries = Object.entries(packages).map(([path, locked]) => {
    const name = path.replace(/^.*node_modules\//, '')
    const file = `${name.replace(/^.*\//, '')}-${locked.version}.tgz`
    return [path, { resolved: `${registry}${name}/-/${file}`, ...locked }] as const
  })
  return Object.fromEntries(entries)
}

/**
 * Installs the tarball in a project of its own. The lock file names what our own names, so that npm takes it from the
 * cache that `npm ci` has filled: there is no way to a registry in the tests' namespaces.
 */
export async function install({ tarball, integrity, version }: Packed, folder: string): Promise<string> {
  const project = join(folder, 'project')
  await mkdir(project)
  const manifest = { name: 'project', version: '1.0.0', dependencies: { 'docker-mtls': `file:${tarball}` } }
  const packed = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Record<string, unknown>
  const own = {
    version,
    resolved: `file:${tarball}`,
    integrity,
    dependencies: packed['dependencies'],
    bin: packed['bin'],
  }
  const registry = (await run(project, 'npm', 'config', 'get', 'registry')).trim()
  const dependencies = addressed(await lockedDependencies(), registry)
  const packages = { '': manifest, 'node_modules/docker-mtls': own, ...dependencies }
  const lock = { name: 'project', version: '1.0.0', lockfileVersion: 3, requires: true, packages }
  await writeFile(join(project, 'package.json'), JSON.stringify(manifest))
  await writeFile(join(project, 'package-lock.json'), JSON.stringify(lock))
  await run(project, 'npm', 'ci', '--prefer-offline', '--ignore-scripts')
  return project
}
