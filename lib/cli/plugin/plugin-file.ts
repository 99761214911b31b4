import { singleQuoted } from '../../base/quoting/posix.ts'
import { promises as fs } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { FileError, ProvisionError } from '../../base/errors.ts'
import { fileReason, makeFolder, writeFileAtomically } from '../../base/files.ts'
import { ours, sentence, type Sentence } from '../../base/sentence.ts'
import { isMissing } from '../../base/system-error.ts'
import { intoSystemFolder } from '../../base/system-folder.ts'
import { INSTALL_FIRST, isInNpxCache } from '../../base/npx-cache.ts'

/** The name by which the docker command finds `docker mtls` in its folders of plugins. */
const FILE = 'docker-mtls'
const EXECUTABLE = 0o755
/** Identifies a file of our own. */
const HEAD = '#!/bin/sh\n# Made by docker-mtls plugin install; docker-mtls plugin remove takes it away.\n'

/** The program that `docker mtls` runs. */
export interface PluginProgram {
  /** Absolute paths. */
  readonly node: string
  readonly script: string
}

/** Where to install the plugin. */
export interface PluginPlace {
  /** A folder in which the docker command looks for plugins. */
  readonly folder: string
  /** Create the folder if it is missing? Only the user's own: others must be readable by everybody. */
  readonly makeFolder: boolean
}

/** The installed plugin. */
export interface PluginInstalled {
  readonly path: string
  readonly action: 'created' | 'kept' | 'replaced'
  readonly program: PluginProgram
}

/**
 * Writes an executable that runs us into a plugin folder. Not a link: the target of a link would look for node in a PATH
 * that may have changed by then.
 *
 * @param force - also replace a file that isn't ours, and run a program from the npx cache
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
  const found = await inspect(path)
  if (found.kind === 'foreign' && !force) throw foreign('installing', path, found.what, 'to replace it, add  --force')
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
 * Removes the plugin; a file that isn't ours stays.
 *
 * @returns its path, and whether there was one
 * @throws {@link ProvisionError} ERR_PLUGIN_FOREIGN
 * @throws {@link FileError} ERR_FILE_WRITE, ERR_FILE_READ
 */
export async function removePlugin(folder: string): Promise<{ path: string; removed: boolean }> {
  const path = join(resolve(folder), FILE)
  const found = await inspect(path)
  if (found.kind === 'none') return { path, removed: false }
  if (found.kind === 'foreign') throw foreign('removing', path, found.what, 'delete it yourself')
  try {
    await fs.unlink(path)
  } catch (cause) {
    const got = fileReason(cause)
    throw new FileError('ERR_FILE_WRITE', {
      tried: `removing ${path}`,
      got,
      todo: 'Run this command as its owner.',
      cause,
    })
  }
  return { path, removed: true }
}

/** The executable: runs these words, or says which of the files is gone. */
export function renderPlugin(program: readonly string[]): string {
  const words = program.map(singleQuoted)
  const missing = 'Install docker-mtls again, then run  docker-mtls plugin install'
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
  | { readonly kind: 'foreign'; readonly what: Sentence }

async function inspect(path: string): Promise<Found> {
  try {
    const status = await fs.lstat(path)
    if (status.isSymbolicLink()) return { kind: 'foreign', what: `it is a link to ${await fs.readlink(path)}` }
    if (!status.isFile()) return { kind: 'foreign', what: 'it is not a regular file' }
    const text = await fs.readFile(path, 'utf8')
    if (!text.startsWith(HEAD)) {
      return { kind: 'foreign', what: sentence`it was not created by  ${ours('plugin', 'install')}` }
    }
    return { kind: 'ours', text, runs: (status.mode & 0o777) === EXECUTABLE }
  } catch (cause) {
    if (isMissing(cause)) return { kind: 'none' }
    const got = fileReason(cause)
    throw new FileError('ERR_FILE_READ', {
      tried: `reading ${path}`,
      got,
      todo: 'Run this command as its owner.',
      cause,
    })
  }
}

/** If the file that is written now had started us, it would run itself forever. */
async function withoutLoop(program: PluginProgram, path: string): Promise<PluginProgram> {
  // The path that started us survives updates better than its target.
  const isLink = await fs.lstat(path).then(
    (status) => status.isSymbolicLink(),
    () => false,
  )
  return isLink ? { ...program, script: await fs.realpath(program.script) } : program
}

async function refuseCache({ script }: PluginProgram): Promise<void> {
  const paths = [script, await fs.realpath(script)]
  if (!paths.some(isInNpxCache)) return
  throw new ProvisionError('ERR_PLUGIN_FROM_CACHE', {
    tried: 'installing the plugin',
    got: `npx runs docker-mtls from its cache, ${dirname(script)}, and the plugin would break when npm empties that`,
    todo: INSTALL_FIRST,
  })
}

function foreign(doing: string, path: string, got: Sentence, remedy: string): ProvisionError {
  const todo = `Check what it is. If you don't need it, ${remedy}.`
  return new ProvisionError('ERR_PLUGIN_FOREIGN', { tried: `${doing} the plugin ${path}`, got, todo })
}

function unsupported(): ProvisionError {
  return new ProvisionError('ERR_PLUGIN_UNSUPPORTED', {
    tried: 'installing the plugin',
    got: 'on Windows the docker command accepts only .exe files as plugins, and this one would be a script',
    todo: 'Run docker-mtls by its own name, or install the plugin in WSL.',
  })
}
