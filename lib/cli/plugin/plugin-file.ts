import { singleQuoted } from '../../base/shell-quote.ts'
import { promises as fs } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { FileError, ProvisionError } from '../../base/errors.ts'
import { fileReason, makeFolder, writeFileAtomically } from '../../base/files.ts'
import { intoSystemFolder } from '../../base/system-folder.ts'

/** The name by which the docker command finds `docker mtls` in its folders of plugins. */
const FILE = 'docker-mtls'
const EXECUTABLE = 0o755
/** By this we know a file of our own. */
const HEAD = '#!/bin/sh\n# Made by docker-mtls plugin install; docker-mtls plugin remove takes it away.\n'

/** What is to be run for `docker mtls`. */
export interface PluginProgram {
  /** Absolute paths. */
  readonly node: string
  readonly script: string
}

/** Where the plugin is to be. */
export interface PluginPlace {
  /** A folder in which the docker command looks for plugins. */
  readonly folder: string
  /** Make it where it isn't there? For the user's own one alone: others must be readable by others. */
  readonly makeFolder: boolean
}

/** What became of the plugin. */
export interface PluginInstalled {
  readonly path: string
  readonly action: 'created' | 'kept' | 'replaced'
  readonly program: PluginProgram
}

/**
 * Puts an executable into a folder of plugins that runs us. Not a link: the docker command runs what it finds, and what a
 * link leads to finds its node by a PATH that may be another one by then.
 *
 * @param force - also over a file that isn't ours, and to a program that will vanish
 * @throws {@link ProvisionError} ERR_PLUGIN_FOREIGN, ERR_PLUGIN_FROM_CACHE, ERR_PLUGIN_UNSUPPORTED
 * @throws {@link FileError} ERR_FILE_WRITE, ERR_FILE_READ
 */
export async function installPlugin(
  place: PluginPlace,
  program: PluginProgram,
  force: boolean,
  platform: NodeJS.Platform = process.platform,
): Promise<PluginInstalled> {
  if (platform === 'win32') throw unsupported()
  const path = join(resolve(place.folder), FILE)
  const found = await look(path)
  if (found.kind === 'foreign' && !force) throw foreign('installing', path, found.what, 'with  --force  it is replaced')
  const own = await withoutLoop(program, path)
  if (!force) await refuseCache(own)
  const text = renderPlugin([own.node, own.script])
  if (found.kind === 'ours' && found.text === text && found.runs) return { path, action: 'kept', program: own }
  await intoSystemFolder(path, async () => {
    if (place.makeFolder) await makeFolder(dirname(path))
    await writeFileAtomically(path, text, { mode: EXECUTABLE })
  })
  return { path, action: found.kind === 'none' ? 'created' : 'replaced', program: own }
}

/**
 * Takes the plugin away again; a file that isn't ours stays.
 *
 * @returns its path, and whether there was one
 * @throws {@link ProvisionError} ERR_PLUGIN_FOREIGN
 * @throws {@link FileError} ERR_FILE_WRITE, ERR_FILE_READ
 */
export async function removePlugin(folder: string): Promise<{ path: string; removed: boolean }> {
  const path = join(resolve(folder), FILE)
  const found = await look(path)
  if (found.kind === 'none') return { path, removed: false }
  if (found.kind === 'foreign') throw foreign('removing', path, found.what, 'if it shall go, remove it yourself')
  try {
    await fs.unlink(path)
  } catch (cause) {
    const got = fileReason(cause)
    throw new FileError('ERR_FILE_WRITE', { tried: `removing ${path}`, got, todo: 'Do it as its owner.', cause })
  }
  return { path, removed: true }
}

/** The executable: runs these words, and says so where they are gone. */
export function renderPlugin(command: readonly string[]): string {
  const words = command.map(singleQuoted)
  const missing = `docker-mtls is not where it was: install it again, and then run  docker-mtls plugin install`
  return `${HEAD}for file in ${words.join(' ')}; do
  case $file in
    /*) [ -e "$file" ] || { echo "$file is gone. ${missing}" >&2; exit 127; } ;;
  esac
done
exec ${words.join(' ')} "$@"
`
}

type Found =
  | { readonly kind: 'none' }
  | { readonly kind: 'ours'; readonly text: string; readonly runs: boolean }
  | { readonly kind: 'foreign'; readonly what: string }

async function look(path: string): Promise<Found> {
  try {
    const status = await fs.lstat(path)
    if (status.isSymbolicLink()) return { kind: 'foreign', what: `it is a link to ${await fs.readlink(path)}` }
    if (!status.isFile()) return { kind: 'foreign', what: 'it is no file' }
    const text = await fs.readFile(path, 'utf8')
    if (!text.startsWith(HEAD)) return { kind: 'foreign', what: 'that file is not of docker-mtls plugin install' }
    return { kind: 'ours', text, runs: (status.mode & 0o777) === EXECUTABLE }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'none' }
    const got = fileReason(cause)
    throw new FileError('ERR_FILE_READ', { tried: `looking at ${path}`, got, todo: 'Do it as its owner.', cause })
  }
}

/** Where we were started by the very file that is written now, it would run itself for ever. */
async function withoutLoop(program: PluginProgram, path: string): Promise<PluginProgram> {
  // The name that we were started by outlives an update better than what it leads to.
  const isLink = await fs.lstat(path).then(
    (status) => status.isSymbolicLink(),
    () => false,
  )
  return isLink ? { ...program, script: await fs.realpath(program.script) } : program
}

/** What npx has fetched is gone whenever npm tidies up its cache. */
async function refuseCache({ script }: PluginProgram): Promise<void> {
  const paths = [script, await fs.realpath(script)]
  if (!paths.some((path) => path.split('/').includes('_npx'))) return
  throw new ProvisionError('ERR_PLUGIN_FROM_CACHE', {
    tried: 'installing the plugin',
    got: `npx has fetched docker-mtls into its cache, ${dirname(script)}, and the plugin would be broken once that is gone`,
    todo: 'Install it first:  npm install --global docker-mtls && docker-mtls plugin install',
  })
}

function foreign(doing: string, path: string, got: string, way: string): ProvisionError {
  const todo = `Look at it first; ${way}.`
  return new ProvisionError('ERR_PLUGIN_FOREIGN', { tried: `${doing} the plugin ${path}`, got, todo })
}

function unsupported(): ProvisionError {
  return new ProvisionError('ERR_PLUGIN_UNSUPPORTED', {
    tried: 'installing the plugin',
    got: 'on Windows the docker command takes only .exe files for plugins, and this would be a script',
    todo: 'Call it by its own name, or install it within WSL.',
  })
}
