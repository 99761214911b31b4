import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

const FOLDERS = ['lib', 'test', 'scripts', 'examples']
/** Whatever a source names by a relative path: what it imports, now or later, and the files that it reads or runs. */
const RELATIVE = /(['"`])(\.{1,2}\/[^'"`\n]*|[\w/-]+\.(?:ts|sh))\1/g
/** Types are checked elsewhere. */
const OF_TYPES = /^(?:import|export) type [^;]*?from '[^']*'$/gm
/** In the order in which they are looked for. */
const BASES = ['main', 'origin/main', 'HEAD']

/** What has changed since this branch left the main one, committed or not. */
export function changedFiles(): string[] {
  const base = BASES.find((name) => git('rev-parse', '--verify', '--quiet', name).length > 0) ?? 'HEAD'
  const [since = base] = git('merge-base', 'HEAD', base)
  return [...git('diff', '--name-only', since), ...git('ls-files', '--others', '--exclude-standard')]
}

function git(...args: readonly string[]): string[] {
  const { status, stdout } = spawnSync('git', args, { encoding: 'utf8' })
  return status === 0 ? stdout.split('\n').filter((line) => line !== '') : []
}

/** Those of the tests that have to do with a change, by whatever they import. */
export function testsOfChanges(tests: readonly string[], changed: readonly string[]): string[] {
  const users = usersOf(FOLDERS.flatMap(sourcesIn))
  const touched = new Set(changed)
  // A set is walked through to the end, and what is added on the way belongs to that.
  for (const file of touched) for (const user of users.get(file) ?? []) touched.add(user)
  return tests.filter((test) => touched.has(test))
}

function usersOf(sources: readonly string[]): Map<string, string[]> {
  const users = new Map<string, string[]>()
  for (const source of sources) {
    for (const used of namedIn(source)) users.set(used, [...(users.get(used) ?? []), source])
  }
  return users
}

function namedIn(source: string): Set<string> {
  const text = readFileSync(source, 'utf8').replaceAll(OF_TYPES, '')
  const paths = [...text.matchAll(RELATIVE)].map(([, , path = '']) => normalize(join(dirname(source), path)))
  return new Set([...paths, ...packageEntries(text)].flatMap((path) => filesAt(path, source)))
}

/** Examples import the package by its name, as tsconfig.json's `paths` have it. */
function packageEntries(text: string): string[] {
  const names = [...text.matchAll(/from 'docker-mtls(?:\/([a-z]+))?'/g)]
  return names.map(([, entry = 'index']) => `lib/${entry}.ts`)
}

/** A folder stands for all that is in it, but not one that holds the source itself. */
function filesAt(path: string, source: string): string[] {
  if (!existsSync(path) || source.startsWith(path) || path.startsWith('.')) return []
  return statSync(path).isDirectory() ? sourcesIn(path) : [path]
}

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sourcesIn(path)
    return /\.(?:ts|mjs|sh)$/.test(entry.name) ? [path] : []
  })
}
