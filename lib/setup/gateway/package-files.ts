import { promises as fs } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import { FileError } from '../../base/errors.ts'
import { command, sentence } from '../../base/sentence.ts'

/** A file of a package. */
export interface PackageFile {
  /** In the copy, with `/`. */
  readonly path: string
  readonly bytes: Buffer
}

/** The part of a package.json that says what the package needs when it runs. */
interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** A package, and its place in the copy. */
interface Placed {
  /** Its folder, without links. */
  readonly from: string
  /** Its folder in the copy; empty: the top. */
  readonly at: string
}

/**
 * Finds the package that a script belongs to.
 *
 * @param script - its path, without links
 * @returns undefined if it isn't the built command of a package
 */
export async function packageOf(
  script: string,
): Promise<{ readonly root: string; readonly version: string } | undefined> {
  for (let folder = dirname(script); folder !== dirname(folder); folder = dirname(folder)) {
    const { name, version } = (await manifestIn(folder)) ?? {}
    if (name === undefined || version === undefined) continue
    return script.startsWith(join(folder, 'dist') + sep) ? { root: folder, version } : undefined
  }
  return undefined
}

/**
 * Reads everything with which the command of a package runs: its own code, and that of all packages that it needs, in places
 * where Node finds them again.
 *
 * @param root - the folder of the package, without links
 * @throws {@link FileError} ERR_FILE_READ, if a package is missing
 */
export async function packageFiles(root: string): Promise<PackageFile[]> {
  const places = await placePackages(root)
  const files = await Promise.all(places.map(filesOf))
  return files.flat().toSorted((one, other) => (one.path < other.path ? -1 : 1))
}

/**
 * Finds the needed packages as Node does. Each gets a place at the top, or, if another version is there, below the package that
 * needs it.
 */
async function placePackages(root: string): Promise<Placed[]> {
  const placed = new Map<string, Placed>([['', { from: root, at: '' }]])
  for (const place of placed.values()) {
    // All that it needs itself gets its place before what those need: their search passes it.
    for (const from of await neededBy(place.from)) {
      const name = nameIn(from)
      const found = seenFrom(place.at, name, placed)
      if (found?.from === from) continue
      const at = `${found === undefined || place.at === '' ? '' : `${place.at}/`}node_modules/${name}`
      placed.set(at, { from, at })
    }
  }
  return [...placed.values()]
}

/** The name by which a package is imported: the end of its path. */
function nameIn(folder: string): string {
  const scope = basename(dirname(folder))
  return scope.startsWith('@') ? `${scope}/${basename(folder)}` : basename(folder)
}

/** The package of a name that Node would find from a place in the copy. */
function seenFrom(at: string, name: string, placed: ReadonlyMap<string, Placed>): Placed | undefined {
  const parents = at
    .split('/node_modules/')
    .map((_, index, all) => all.slice(0, all.length - index).join('/node_modules/'))
  const folders = [...(at === '' ? [] : parents), '']
  return folders
    .map((folder) => placed.get(`${folder === '' ? '' : `${folder}/`}node_modules/${name}`))
    .find((one) => one !== undefined)
}

/** Packages with types alone are not needed at run time. */
const TYPES = '@types/'

async function neededBy(folder: string): Promise<string[]> {
  const { dependencies = {}, optionalDependencies = {} } = (await manifestIn(folder)) ?? {}
  const names = Object.keys({ ...dependencies, ...optionalDependencies }).filter((name) => !name.startsWith(TYPES))
  const found = await Promise.all(
    names.map(async (name) => {
      const path = await resolvePackage(name, folder)
      if (path === undefined && !(name in optionalDependencies)) throw missing(name, folder)
      return path
    }),
  )
  return found.filter((path) => path !== undefined)
}

/** Node looks into node_modules of each folder above (nodejs.org/api/modules.html, "Loading from node_modules folders"). */
async function resolvePackage(name: string, from: string): Promise<string | undefined> {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', name)
    if (basename(folder) !== 'node_modules' && (await manifestIn(path)) !== undefined) return fs.realpath(path)
    if (folder === dirname(folder)) return undefined
  }
}

async function manifestIn(folder: string): Promise<Manifest | undefined> {
  try {
    return JSON.parse(await fs.readFile(join(folder, 'package.json'), 'utf8')) as Manifest
  } catch {
    return undefined
  }
}

/** No program reads these: types, sources and maps for people's tools, and pages. */
const UNUSED = /\.(?:[cm]?ts|map|md)$/

/** Of our own package, what our command needs. */
const OWN = /^(?:dist\/|package\.json$|LICENSE)/

async function filesOf({ from, at }: Placed): Promise<PackageFile[]> {
  const entries = await fs.readdir(from, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile() && !UNUSED.test(entry.name))
    .map((entry) => relative(from, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !path.split('/').includes('node_modules') && (at !== '' || OWN.test(path)))
  return Promise.all(
    paths.map(async (path) => ({
      path: at === '' ? path : `${at}/${path}`,
      bytes: await fs.readFile(join(from, path)),
    })),
  )
}

function missing(name: string, folder: string): FileError {
  return new FileError('ERR_FILE_READ', {
    tried: `reading the package ${name}, which ${folder} needs`,
    got: 'Node.js would not find it either',
    todo: sentence`Install docker-mtls again:  ${command('npm', 'install', '--global', 'docker-mtls')}`,
  })
}
