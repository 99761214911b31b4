import { randomBytes } from 'node:crypto'
import { readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { BuildError } from '../../../base/errors.ts'
import { isThere } from '../../../base/files.ts'
import { isMissing } from '../../../base/system-error.ts'
import { causeInWords, unreadable } from './faults.ts'
import { Patterns, readIgnoreFile } from './ignore-patterns.ts'

/** The files of a build, found and checked before anything is sent. */
export interface BuildFiles {
  /** The real path of the context. */
  readonly root: string
  readonly dockerfile: Dockerfile
  /** The patterns of files that aren't sent. */
  readonly ignored: readonly string[]
  /** The `.dockerignore` in the root of the context, if it exists. */
  readonly rootIgnoreFile: string | undefined
}

export interface Dockerfile {
  /** Its real path. */
  readonly path: string
  /** The path from the root of the context, with `/`; undefined if it is outside. */
  readonly inside: string | undefined
  /** Its file name. */
  readonly name: string
  /** The real path of the `.dockerignore` for this Dockerfile, if it exists. */
  readonly ignoreFile: string | undefined
}

const IGNORE_FILE = '.dockerignore'

/**
 * Finds the files of a build from a folder.
 *
 * @param folder - the context
 * @param dockerfile - a path from the root of the context, or an absolute path, which may be outside. Default:
 *   `Dockerfile`, or else `dockerfile`
 * @param option - the caller's name for it; undefined if the caller named no Dockerfile
 * @throws {@link BuildError} ERR_BUILD_CONTEXT_INVALID, ERR_BUILD_DOCKERFILE_INVALID, ERR_BUILD_IGNORE_INVALID
 */
export async function findBuildFiles(folder: string, dockerfile?: string, option?: string): Promise<BuildFiles> {
  const root = await realFolder(folder)
  const given = resolve(root, dockerfile ?? (await defaultName(root)))
  const found = await findDockerfile(root, given, option)
  const rootIgnoreFile = await insideOrNone(root, join(root, IGNORE_FILE))
  const ignoreFile = found.ignoreFile ?? rootIgnoreFile
  const ignored = ignoreFile === undefined ? [] : readIgnoreFile(await readIgnoreText(ignoreFile))
  // Refuses invalid patterns before anything is sent.
  void new Patterns(ignored)
  return { root, dockerfile: found, ignored, rootIgnoreFile }
}

async function realFolder(folder: string): Promise<string> {
  try {
    const root = await realpath(resolve(folder))
    if ((await stat(root)).isDirectory()) return root
  } catch (cause) {
    throw noContext(folder, isMissing(cause) ? `there is no ${resolve(folder)}` : causeInWords(cause), cause)
  }
  const [above, file] = [dirname(folder), basename(folder)]
  throw noContext(
    folder,
    'it is not a folder',
    undefined,
    `Pass its folder:  docker.images.build('${above}', { file: '${file}' })`,
  )
}

const ANY_CONTEXT = "Pass the path of a folder, a tar, or { remote: 'https://...' } for a URL that the daemon fetches."

function noContext(folder: string, got: string, cause?: unknown, todo: string = ANY_CONTEXT): BuildError {
  return new BuildError('ERR_BUILD_CONTEXT_INVALID', {
    tried: `building from ${folder}`,
    got,
    todo,
    cause,
  })
}

/** Like Docker, accepts `dockerfile` if there is no `Dockerfile`. */
async function defaultName(root: string): Promise<string> {
  for (const name of ['Dockerfile', 'dockerfile']) if (await isThere(join(root, name))) return name
  return 'Dockerfile'
}

async function findDockerfile(root: string, given: string, option: string | undefined): Promise<Dockerfile> {
  const path = await realpath(given).catch((cause: unknown) => {
    throw noDockerfile(
      given,
      causeInWords(cause),
      option === undefined
        ? 'Create it, or set { dockerfile } to its path.'
        : `Create it, or correct the option ${option}.`,
      cause,
    )
  })
  if (!(await stat(path)).isFile())
    throw noDockerfile(given, 'it is not a file', `Set { ${option ?? 'dockerfile'} } to the path of a file.`)
  const inside = placeInside(root, path)
  // The author of the context may have created a link to a file that only the caller can read.
  if (inside === undefined && placeInside(root, given) !== undefined) throw leadsOut(given, path)
  return { path, inside, name: basename(path), ignoreFile: await ownIgnoreFile(root, given) }
}

async function ownIgnoreFile(root: string, given: string): Promise<string | undefined> {
  const path = `${given}${IGNORE_FILE}`
  return placeInside(root, given) === undefined ? findIgnoreFile(path) : insideOrNone(root, path)
}

/** The real path of a `.dockerignore` in the context; undefined if it doesn't exist. */
async function insideOrNone(root: string, path: string): Promise<string | undefined> {
  const real = await findIgnoreFile(path)
  if (real !== undefined && placeInside(root, real) === undefined) throw leadsOut(path, real)
  return real
}

/** Fails for one that can't be read: without it, the daemon would get all files. */
async function findIgnoreFile(path: string): Promise<string | undefined> {
  const real = await realpath(path).catch((cause: unknown) => {
    if (isMissing(cause)) return undefined
    throw noIgnoreFile(path, causeInWords(cause), cause)
  })
  if (real === undefined || (await stat(real)).isFile()) return real
  throw noIgnoreFile(path, 'it is not a file')
}

function noIgnoreFile(path: string, got: string, cause?: unknown): BuildError {
  return new BuildError('ERR_BUILD_FILE_UNREADABLE', {
    tried: `reading ${path} for a build`,
    got,
    todo: 'Make it a file that you can read, or remove it.',
    cause,
  })
}

/** The path from the root, with `/`; undefined for a path outside. */
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

async function readIgnoreText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw noIgnoreFile(path, causeInWords(cause), cause)
  })
}

/** The files that are added to a context for a Dockerfile outside of it. */
export interface AddedFiles {
  /** The name of the Dockerfile in the context. */
  readonly name: string
  readonly dockerfile: Buffer
  readonly ignoreFile: Buffer
}

/**
 * Adds a Dockerfile from outside to the context under a random name. The `.dockerignore` lists this name, so that the
 * daemon removes the file before it copies files.
 */
export async function addDockerfile({ dockerfile, rootIgnoreFile }: BuildFiles): Promise<AddedFiles> {
  const name = `.dockerfile.${randomBytes(10).toString('hex')}`
  const own = rootIgnoreFile === undefined ? IGNORE_FILE : await readIgnoreText(rootIgnoreFile)
  const text = await readFile(dockerfile.path).catch((cause: unknown) => {
    throw unreadable(dockerfile.path, cause)
  })
  return { name, dockerfile: text, ignoreFile: Buffer.from(`${own}\n${name}\n`) }
}
