import { withoutEnd } from './text.ts'
import { dirname, join } from 'node:path'
import { option, sentence } from './sentence.ts'
import { replaceFiles } from './replace-files.ts'
import { FileError } from './errors.ts'
import { isFolder, makeFolder, PUBLIC_MODE, readIfThere } from './files.ts'

/** Folders of configuration, which isn't secret. The umask decides who may write to them. */
const PUBLIC_FOLDER_MODE = 0o777

/** A rendered file, and the existing file in its place. */
export interface PlannedFile {
  readonly path: string
  readonly text: string
  readonly mode: number
  /** The text of the existing file. Absent: there is none. */
  readonly existing?: string
}

/** What was done with a rendered file. */
export interface FileResult {
  /** The file's absolute path. */
  readonly path: string
  /** `kept`: an existing file was kept. `replaced`: the old file is kept beside the new one. */
  readonly action: 'created' | 'kept' | 'replaced'
  /** True if an existing file was kept although its content differs from what would be written. */
  readonly differs: boolean
  /** The paths where old files are kept. */
  readonly keptAside: readonly string[]
}

/**
 * Reads the existing file in the place of a rendered one. Writes nothing.
 *
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function planFile(path: string, text: string, mode: number): Promise<PlannedFile> {
  const existing = await readIfThere(path)
  return { path, text, mode, ...(existing !== undefined && { existing }) }
}

/** Does the existing file have another text? */
export function differs({ existing, text }: PlannedFile): boolean {
  return existing !== undefined && existing !== text
}

/**
 * Writes a rendered file. An existing file with the same text isn't touched; one with another text is replaced only by
 * force, and then kept beside the new one, with a date after its name.
 *
 * @throws {@link FileError} ERR_FILE_WRITE, ERR_FILE_EXISTS
 */
export async function putFile(file: PlannedFile, force: boolean): Promise<FileResult> {
  const { path, text, mode, existing } = file
  if (existing !== undefined && (existing === text || !force)) {
    return { path, action: 'kept', differs: differs(file), keptAside: [] }
  }
  const keptAside = await replaceFiles([{ path, data: text, mode }], existing === undefined ? [] : [path])
  return { path, action: existing === undefined ? 'created' : 'replaced', differs: false, keptAside }
}

/**
 * Refuses a path that is a folder, if a file has to be written there.
 *
 * @param path - of the file
 * @param name - what a file in that folder could be called
 * @throws {@link FileError} ERR_FILE_WRITE
 */
export async function refuseFolder(path: string, name: string): Promise<void> {
  const folder = await isFolder(path).catch(() => false)
  if (!folder) return
  throw new FileError('ERR_FILE_WRITE', {
    tried: `writing ${path}`,
    got: 'it is a folder',
    todo: `Name a file in it: ${withoutEnd(path, '/')}/${name}`,
  })
}

/**
 * Writes rendered configuration: one file to a path, several into a folder. It checks all of them first, and replaces a file
 * with other text only by force; the old file is kept beside the new one.
 *
 * @param path - of the file, or of the folder for several
 * @throws {@link FileError} ERR_FILE_EXISTS, ERR_FILE_WRITE, ERR_FILE_READ
 */
export async function writeRendered(
  files: readonly { readonly name: string; readonly text: string }[],
  path: string,
  force: boolean,
): Promise<FileResult[]> {
  const [first, second] = files
  if (second !== undefined) await isFolder(path)
  else if (first !== undefined) await refuseFolder(path, first.name)
  const planned = await Promise.all(
    files.map(({ name, text }) => planFile(second === undefined ? path : join(path, name), text, PUBLIC_MODE)),
  )
  const taken = planned.find(differs)
  if (taken !== undefined && !force) throw exists(taken.path)
  const results: FileResult[] = []
  for (const file of planned) {
    await makeFolder(dirname(file.path), PUBLIC_FOLDER_MODE)
    results.push(await putFile(file, force))
  }
  return results
}

function exists(path: string): FileError {
  return new FileError('ERR_FILE_EXISTS', {
    tried: `writing ${path}`,
    got: 'a file with other contents exists there',
    todo: sentence`Set ${option('force', 'true')} to replace it; the old file is kept beside the new one.`,
  })
}
