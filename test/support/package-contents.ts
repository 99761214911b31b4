import assert from 'node:assert/strict'
import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join, posix, relative } from 'node:path'
import ts from 'typescript'
import { ROOT, run } from './packed.ts'

/** The packages whose code the build puts into ours, with their licences. */
const BUNDLED: Readonly<Record<string, string>> = {
  '@bufbuild/protobuf': 'Apache-2.0 AND BSD-3-Clause',
  b4a: 'Apache-2.0',
  commander: 'MIT',
  diff: 'BSD-3-Clause',
  'events-universal': 'Apache-2.0',
  'fast-fifo': 'MIT',
  streamx: 'MIT',
  'tar-stream': 'MIT',
  'text-decoder': 'Apache-2.0',
  yaml: 'ISC',
}

/** Checks the file with the licences of bundled packages: their names, versions, licences and texts. */
export async function assertLicenses(text: string): Promise<void> {
  const named = [...text.matchAll(/^-{80}\n(\S+) (\S+), (.*)\n\n(?=.)/gm)].map(([, ...found]) => found)
  const expected = Object.entries(BUNDLED).map(async ([name, license]) => {
    const manifest = await readFile(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')
    return [name, (JSON.parse(manifest) as { version: string }).version, license]
  })
  assert.deepEqual(named, await Promise.all(expected))
  assert.match(text, /Apache License\s+Version 2\.0, January 2004/)
  assert.match(text, /Copyright 2008 Google Inc\./)
}

/** The packages in a project, with the bytes of their files. */
export async function installedPackages(project: string): Promise<{ name: string; bytes: number }[]> {
  const modules = join(project, 'node_modules')
  const [, ...folders] = (await run(project, 'npm', 'ls', '--all', '--omit=dev', '--parseable')).trim().split('\n')
  const names = folders.map((path) => relative(modules, path))
  const packages = await Promise.all(names.map(async (name) => ({ name, bytes: await sizeOf(join(modules, name)) })))
  const listed = packages.reduce((sum, { bytes }) => sum + bytes, 0)
  assert.equal(listed, await sizeOf(modules), 'npm lists everything that is installed')
  return packages
}

async function sizeOf(path: string): Promise<number> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  // npm's own list is no package. Links of .bin are no files.
  const files = entries.filter((entry) => entry.isFile() && entry.name !== '.package-lock.json')
  const sizes = await Promise.all(files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** These declaration files of the package in a folder, and all that they import. */
export async function neededTypes(
  folder: string,
  files: readonly string[],
  needed: Set<string> = new Set(),
): Promise<Set<string>> {
  for (const file of files.filter((name) => !needed.has(name))) {
    needed.add(file)
    const text = await readFile(join(folder, file), 'utf8')
    const imports = ts.preProcessFile(text).importedFiles.map(({ fileName }) => fileName)
    const own = imports.filter((name) => name.startsWith('.'))
    await neededTypes(
      folder,
      own.map((name) => posix.join(dirname(file), name.replace(/\.[jt]s$/, '.d.ts'))),
      needed,
    )
  }
  return needed
}
