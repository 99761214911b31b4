import { isAbsolute, join, resolve } from 'node:path'
import type { Environment } from '../../endpoint/environment.ts'
import { homeFolder } from '../../endpoint/folders.ts'
import { PkiError } from '../../base/errors.ts'
import { isThere } from '../../base/files.ts'
import { escapeText, printable, unusableCharacter } from '../../base/text.ts'
import type { Context } from '../command.ts'
import { DEFAULT_FOLDER } from '../command-line/options.ts'
import { useFound } from './known.ts'
import { refusePart } from './part-of-folder.ts'

/** The flags of `addFolder`. */
export interface FolderFlags {
  readonly dir?: string | undefined
  readonly home?: true | undefined
}

/** A chosen folder. */
export interface Placed {
  readonly dir: string
  /** Does the command line name it? */
  readonly isNamed: boolean
}

/** A folder of keys and certificates, and what names it. */
interface Named {
  readonly folder: string
  /** The variable or place. Absent: `--dir`, or the folder in the working directory. */
  readonly by?: string
  /** It exists, and neither an option nor a variable names it. */
  readonly isFound?: true
}

type Place = Required<Pick<Named, 'folder' | 'by'>>

/**
 * Chooses the folder of keys and certificates: `--dir`, `--home`, `DOCKER_MTLS_HOME`, `./docker-mtls` if it exists, the user's
 * data folder if it exists, and else `./docker-mtls` again. If neither `--dir` nor the working directory names it, a line on
 * stderr does. What is found by itself has to be the user's own: see {@link useFound}.
 *
 * @param option - the option that names it
 * @returns the flags with that folder; it is relative only if `--dir` or the working directory names it
 * @throws {@link PkiError} ERR_CA_HOME_INVALID; ERR_CA_MISSING if `--dir` names a file or a part of such a folder
 * @throws {@link FileError} ERR_FOUND_UNTRUSTED
 */
export async function withFolder<Flags extends FolderFlags>(
  flags: Flags,
  context: Context,
  option = '--dir',
): Promise<Flags & Placed> {
  const { io, say, usesFolder } = context
  const { folder, by, isFound } = await chooseFolder(flags, io.env)
  // No repository can bring the data folder with it.
  if (isFound) await useFound({ path: folder, option }, context, by === undefined ? undefined : [])
  usesFolder(folder)
  if (flags.dir !== undefined) await refusePart(folder)
  if (by !== undefined) say(`Using the folder ${escapeText(folder)}, from ${by}.`)
  return { ...flags, dir: folder, isNamed: flags.dir !== undefined || flags.home === true }
}

async function chooseFolder({ dir, home }: FolderFlags, env: Environment): Promise<Named> {
  if (dir !== undefined) return { folder: dir }
  const outside = caHome(env)
  if (home === true || outside.by === HOME_VARIABLE) return outside
  if (await isThere(DEFAULT_FOLDER)) return { folder: DEFAULT_FOLDER, isFound: true }
  return (await isThere(outside.folder)) ? { ...outside, isFound: true } : { folder: DEFAULT_FOLDER }
}

const HOME_VARIABLE = 'DOCKER_MTLS_HOME'
const DATA_VARIABLE = 'XDG_DATA_HOME'

/** The folder for a CA outside of projects, whether it exists or not. */
function caHome(env: Environment): Place {
  const named = env[HOME_VARIABLE] ?? ''
  return named === '' ? dataHome(env) : { folder: checkedHome(named), by: HOME_VARIABLE }
}

/** All folders for such a CA, whether they exist or not; without a variable that can't be used. */
export function caHomes(env: Environment): string[] {
  const named = env[HOME_VARIABLE] ?? ''
  return [...(isAbsolute(named) ? [resolve(named)] : []), dataHome(env).folder]
}

function dataHome(env: Environment): Place {
  const data = env[DATA_VARIABLE] ?? ''
  // The XDG Base Directory Specification requires that a relative path is ignored.
  if (isAbsolute(data) && unusableCharacter(data) === undefined) {
    return { folder: join(data, DEFAULT_FOLDER), by: DATA_VARIABLE }
  }
  return { folder: join(homeFolder(env), '.local', 'share', DEFAULT_FOLDER), by: 'your data folder' }
}

/** A relative path would name another folder in each working directory, and so lead to several CAs. */
function checkedHome(path: string): string {
  const character = unusableCharacter(path)
  if (isAbsolute(path) && character === undefined) return resolve(path)
  throw new PkiError('ERR_CA_HOME_INVALID', {
    tried: `reading ${HOME_VARIABLE}=${printable(path)}`,
    got: character === undefined ? 'it is not an absolute path' : `it contains ${character}`,
    todo: `Set ${HOME_VARIABLE} to an absolute path, without a leading ~.`,
  })
}
