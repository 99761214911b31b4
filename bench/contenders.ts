import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** A client to compare, and how to start a program that uses it. */
export interface Contender {
  readonly name: string
  /** Its file in `contenders/`. */
  readonly module: string
  /** The file that `import` of its package loads. */
  readonly entry: string
  readonly version: string
  /** Environment variables for its programs, in addition to the daemon's. */
  readonly env: Readonly<Record<string, string>>
}

/** The clients that are installed, and the names of those that aren't. */
export interface Field {
  readonly contenders: readonly Contender[]
  readonly missing: readonly string[]
}

export const OURS = 'docker-mtls'
export const UNDICI = 'undici Pool'
const BOUNDS = [4, 16]
const PEERS = [
  { name: 'dockerode', module: 'dockerode' },
  { name: '@docker/node-sdk', module: 'node-sdk' },
]

const ROOT: string = fileURLToPath(new URL('..', import.meta.url))
const fromRoot = createRequire(join(ROOT, 'package.json'))

export function findContenders(): Field {
  const peers = PEERS.map(({ name, module }) => findPeer(name, module))
  return {
    contenders: [ours(), ...undiciPools(), nodeHttps(), ...peers.filter((peer) => peer !== undefined)],
    missing: PEERS.map(({ name }) => name).filter((_, index) => peers[index] === undefined),
  }
}

/** One contender per client, for measurements that don't depend on the number of connections. */
export function withoutVariants(contenders: readonly Contender[]): Contender[] {
  return contenders.filter(({ env }) => env['BENCH_CONNECTIONS'] === undefined)
}

function ours(): Contender {
  return { name: OURS, module: 'docker-mtls', entry: builtEntry('.'), version: versionIn(ROOT), env: {} }
}

/**
 * The built file of an entry point of this package. It is read from `exports`, because tsx, which runs this code, would
 * resolve the entry to the source.
 */
export function builtEntry(entry: string): string {
  const { exports } = readPackage(ROOT)
  return pathToFileURL(join(ROOT, exports[entry]?.default ?? '')).href
}

/** The same undici that this package uses. */
function undiciPools(): Contender[] {
  const file = fromRoot.resolve('undici')
  const pool = { module: 'undici-pool', entry: pathToFileURL(file).href, version: versionIn(dirname(file)) }
  return [
    { ...pool, name: UNDICI, env: {} },
    ...BOUNDS.map((bound) => ({ ...pool, name: `${UNDICI}, ${bound}`, env: { BENCH_CONNECTIONS: String(bound) } })),
  ]
}

function nodeHttps(): Contender {
  return { name: 'node:https', module: 'node-https', entry: 'node:https', version: process.versions.node, env: {} }
}

function findPeer(name: string, module: string): Contender | undefined {
  const folder = join(ROOT, 'bench/node_modules', name)
  if (!existsSync(folder)) return undefined
  return { name, module, entry: import.meta.resolve(name), version: versionIn(folder), env: {} }
}

function versionIn(folder: string): string {
  return readPackage(folder).version
}

interface PackageJson {
  readonly version: string
  readonly exports: Readonly<Record<string, { readonly default?: string }>>
}

function readPackage(folder: string): PackageJson {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageJson
}
