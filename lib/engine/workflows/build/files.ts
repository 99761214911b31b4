import { randomBytes } from 'node:crypto'
import { readFile, realpath, stat } from 'node:fs/promises'
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { BuildError } from '../../../base/errors.ts'
import { causeInWords, unreadable } from './faults.ts'
import { Patterns, readIgnoreFile } from './patterns.ts'

/** The files of a build, found and checked before anything is sent. */
export interface BuildFiles {
  /** The context's folder, its real path. */
  readonly root: string
  readonly dockerfile: Dockerfile
  /** The patterns of what the context leaves out. */
  readonly ignored: readonly string[]
  /** The `.dockerignore` of the context's root, where there is one. */
  readonly rootIgnoreFile: string | undefined
}

export interface Dockerfile {
  /** Its real path. */
  readonly path: string
  /** From the context's root, with `/`; undefined where it is somewhere else. */
  readonly inside: string | undefined
  /** What it is called, without folders. */
  readonly name: string
  /** The real path of the `.dockerignore` that belongs to it alone, where there is one. */
  readonly ignoreFile: string | undefined
}

const IGNORE_FILE = '.dockerignore'

/**
 * Finds what a build from a folder reads.
 *
 * @param folder - the context
 * @param dockerfile - from the context's root, or an absolute path, which may lead out of it; without one it is
 *   `Dockerfile`, or else `dockerfile`
 * @throws {@link BuildError} ERR_BUILD_CONTEXT_INVALID, ERR_BUILD_DOCKERFILE_INVALID, ERR_BUILD_IGNORE_INVALID
 */
export async function findBuildFiles(folder: string, dockerfile?: string): Promise<BuildFiles> {
  const root = await realFolder(folder)
  const given = resolve(root, dockerfile ?? (await defaultName(root)))
  const found = await findDockerfile(root, given)
  const rootIgnoreFile = await insideOrNone(root, join(root, IGNORE_FILE))
  const ignoreFile = found.ignoreFile ?? rootIgnoreFile
  const ignored = ignoreFile === undefined ? [] : readIgnoreFile(await readText(ignoreFile))
  // A pattern that is none is found before anything is sent.
  void new Patterns(ignored)
  return { root, dockerfile: found, ignored, rootIgnoreFile }
}

async function realFolder(folder: string): Promise<string> {
  try {
    const root = await realpath(resolve(folder))
    if ((await stat(root)).isDirectory()) return root
  } catch (cause) {
    throw noContext(folder, causeInWords(cause), cause)
  }
  throw noContext(folder, 'it is not a folder')
}

function noContext(folder: string, got: string, cause?: unknown): BuildError {
  return new BuildError('ERR_BUILD_CONTEXT_INVALID', {
    tried: `building from ${folder}`,
    got,
    todo: "Pass the path of a folder, a tar, or { remote: 'https://...' } for a URL that the daemon fetches.",
    cause,
  })
}

/** Docker takes a Dockerfile in lower case, too, where there is none by its own name. */
async function defaultName(root: string): Promise<string> {
  for (const name of ['Dockerfile', 'dockerfile']) if (await isThere(join(root, name))) return name
  return 'Dockerfile'
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function findDockerfile(root: string, given: string): Promise<Dockerfile> {
  const path = await realpath(given).catch((cause: unknown) => {
    throw noDockerfile(given, causeInWords(cause), 'Create it, or set { dockerfile } to its path.', cause)
  })
  if (!(await stat(path)).isFile())
    throw noDockerfile(given, 'it is not a file', 'Set { dockerfile } to the path of a file.')
  const inside = placeInside(root, path)
  // Whoever wrote the context may have put a link there to a file that only we can read.
  if (inside === undefined && placeInside(root, given) !== undefined) throw leadsOut(given, path)
  return { path, inside, name: basename(path), ignoreFile: await ownIgnoreFile(root, given) }
}

async function ownIgnoreFile(root: string, given: string): Promise<string | undefined> {
  const path = `${given}${IGNORE_FILE}`
  if (placeInside(root, given) !== undefined) return insideOrNone(root, path)
  return (await isThere(path)) ? realpath(path) : undefined
}

/** The real path of a file in the context, or nothing where there is none. */
async function insideOrNone(root: string, path: string): Promise<string | undefined> {
  const real = await realpath(path).catch(() => undefined)
  if (real === undefined || !(await stat(real)).isFile()) return undefined
  if (placeInside(root, real) === undefined) throw leadsOut(path, real)
  return real
}

/** From the root, with `/`; undefined for what isn't below it. */
function placeInside(root: string, path: string): string | undefined {
  const place = relative(root, path)
  const outside = place === '..' || place.startsWith(`..${sep}`) || isAbsolute(place)
  return outside ? undefined : place.split(sep).join('/')
}

function noDockerfile(path: string, got: string, todo: string, cause?: unknown): BuildError {
  return new BuildError('ERR_BUILD_DOCKERFILE_INVALID', { tried: `building with ${path}`, got, todo, cause })
}

function leadsOut(path: string, real: string): BuildError {
  const todo = 'Replace the link with the file itself, or set { dockerfile } to the path outside the context.'
  return noDockerfile(path, `it is a link to ${real}, which is outside the context`, todo)
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw unreadable(path, cause)
  })
}

/** The files that a context gets besides its own, for a Dockerfile that isn't in it. */
export interface AddedFiles {
  /** What the Dockerfile is called in the context. */
  readonly name: string
  readonly dockerfile: Buffer
  readonly ignoreFile: Buffer
}

/**
 * Puts a Dockerfile from elsewhere into the context under a name that nothing has. The `.dockerignore` names it, so
 * that the daemon takes it out again before anything is copied.
 */
export async function addDockerfile({ dockerfile, rootIgnoreFile }: BuildFiles): Promise<AddedFiles> {
  const name = `.dockerfile.${randomBytes(10).toString('hex')}`
  const own = rootIgnoreFile === undefined ? IGNORE_FILE : await readText(rootIgnoreFile)
  const text = await readFile(dockerfile.path).catch((cause: unknown) => {
    throw unreadable(dockerfile.path, cause)
  })
  return { name, dockerfile: text, ignoreFile: Buffer.from(`${own}\n${name}\n`) }
}
