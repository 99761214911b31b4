import { replaceFiles } from './replace-files.ts'
import { FileError } from './errors.ts'
import { isFolder, readIfThere } from './files.ts'

/** A file that is rendered, and what is in its place now. */
export interface PlannedFile {
  readonly path: string
  readonly text: string
  readonly mode: number
  /** What is there. Absent: nothing is. */
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
 * Looks at what is in the place of a file that is to be written, and writes nothing.
 *
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function planFile(path: string, text: string, mode: number): Promise<PlannedFile> {
  const existing = await readIfThere(path)
  return { path, text, mode, ...(existing !== undefined && { existing }) }
}

/** Does it say something else than what is there? */
export function differs({ existing, text }: PlannedFile): boolean {
  return existing !== undefined && existing !== text
}

/**
 * Writes a rendered file. One that is there with the same text stays untouched; one that says something else is replaced
 * by force alone, and is then kept beside the new one with the date behind its name.
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
 * Refuses a path that is a folder, where a file is to be written.
 *
 * @param path - where to
 * @param name - what the file in it could be called
 * @throws {@link FileError} ERR_FILE_WRITE
 */
export async function refuseFolder(path: string, name: string): Promise<void> {
  const folder = await isFolder(path).catch(() => false)
  if (!folder) return
  throw new FileError('ERR_FILE_WRITE', {
    tried: `writing ${path}`,
    got: 'it is a folder',
    todo: `Name a file in it: ${path.replace(/\/+$/, '')}/${name}`,
  })
}
