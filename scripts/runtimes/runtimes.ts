import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A runtime, and how it runs a program. */
export interface Runtime {
  /** `Deno 2.9.6`. */
  readonly name: string
  readonly command: readonly string[]
  /** The same, with flags that turn verification off, as far as there are any. */
  readonly weakened: readonly string[]
}

/** What an app needs in Deno: the last two for BuildKit, and to write what it copies from containers. */
const DENO_PERMISSIONS = ['--allow-net', '--allow-read', '--allow-env', '--allow-sys', '--allow-write=.']

/** The release lines of Node.js that `engines` in package.json allows, except the one that runs this. */
export const NODE_LINES = ['20', '22', '24', '26'].filter((line) => !process.versions.node.startsWith(`${line}.`))

/** Where their programs are in the packages for this machine, the one that the package's own `bin` starts. */
const PACKAGES = {
  Deno: { name: 'deno@2', folder: `@deno/linux-${process.arch}-glibc`, program: 'deno' },
  Bun: { name: 'bun@1', folder: `@oven/bun-linux-${process.arch === 'arm64' ? 'aarch64' : 'x64'}`, program: 'bin/bun' },
} as const

/**
 * Installs other versions of Node.js, Deno and Bun from npm in a folder of their own, without running scripts: their packages
 * contain the programs.
 *
 * @throws Error if npm can't install them
 */
export function installRuntimes(folder: string): Runtime[] {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  const nodes = NODE_LINES.map((line) => `node${line}@npm:node-linux-${process.arch}@${line}`)
  const names = [...nodes, ...Object.values(PACKAGES).map(({ name }) => name)]
  const install = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', ...names]
  const { status } = spawnSync('npm', install, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  if (status !== 0) throw new Error(`npm could not install ${names.join(' and ')}`)
  const programOf = (runtime: keyof typeof PACKAGES): string =>
    join(folder, 'node_modules', PACKAGES[runtime].folder, PACKAGES[runtime].program)
  const deno = [programOf('Deno'), 'run', '--no-prompt', ...DENO_PERMISSIONS]
  const bun = [programOf('Bun')]
  return [
    nodeAt(process.execPath),
    ...NODE_LINES.map((line) => nodeAt(join(folder, 'node_modules', `node${line}`, 'bin', 'node'))),
    { name: `Deno ${versionOf(deno)}`, command: deno, weakened: [...deno, '--unsafely-ignore-certificate-errors'] },
    { name: `Bun ${versionOf(bun)}`, command: bun, weakened: [...bun, '--use-system-ca'] },
  ]
}

function nodeAt(program: string): Runtime {
  const command = [program]
  return { name: `Node ${versionOf(command)}`, command, weakened: [...command, '--tls-cipher-list=ALL@SECLEVEL=0'] }
}

function versionOf([program = '']: readonly string[]): string {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
  return /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? 'unknown'
}
