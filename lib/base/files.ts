import { constants, promises as fs } from 'node:fs'
import { dirname } from 'node:path'
import { FileError, type FileErrorCode } from './errors.ts'
import { codeOf, errorWithCode, systemReason } from './system-error.ts'
import { withoutEnd } from './text.ts'
import { removeAbandonedBeside, temporaryNameBeside } from './temporary-names.ts'

const FILES_AT_ONCE = 64

/** Folders with keys: for their owner only. */
export const FOLDER_MODE = 0o700
/** Private keys, and files that contain one. */
export const KEY_MODE = 0o600
/** Certificates and configuration: readable for everyone, writable for their owner. */
export const PUBLIC_MODE = 0o644

/** Creates a folder and its missing parents, each with this mode from the moment that it exists. */
export async function makeFolder(path: string, mode: number = FOLDER_MODE): Promise<void> {
  try {
    await makeWithParents(path, mode)
  } catch (cause) {
    throw new FileError('ERR_FILE_WRITE', {
      tried: `creating the folder ${path}`,
      got: fileReason(cause),
      todo: 'Choose a folder that you can write to, or free some space on its disk.',
      cause,
    })
  }
}

/** Without mkdir's `recursive`: in /proc mkdir(2) fails with ENOENT although the parent exists, and Node would retry forever. */
async function makeWithParents(path: string, mode: number): Promise<void> {
  const cause = await whyNotMade(path, mode)
  if (cause === undefined) return
  if (codeOf(cause) !== 'ENOENT') throw cause
  const parent = dirname(path)
  if (!(await isFolderNow(parent))) await makeWithParents(parent, mode)
  // Another process may just have created the parent.
  const again = await whyNotMade(path, mode)
  if (again !== undefined) throw again
}

async function whyNotMade(path: string, mode: number): Promise<Error | undefined> {
  try {
    await fs.mkdir(path, { mode })
    return undefined
  } catch (cause) {
    return (await isFolderNow(path)) ? undefined : (cause as Error)
  }
}

async function isFolderNow(path: string): Promise<boolean> {
  return fs.stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

/**
 * Writes a whole file or nothing: a temporary file beside it gets the mode and the contents, is flushed, and then moved
 * into place. With `replace: false`, an existing file stays, and the error is ERR_FILE_EXISTS. Temporary files of killed
 * runs are deleted first. `owner`: to whom it belongs; by default, to this process.
 */
export async function writeFileAtomically(
  path: string,
  data: string | Uint8Array,
  { mode, replace = true, owner }: { mode: number; replace?: boolean; owner?: FileOwner },
): Promise<void> {
  await removeAbandonedBeside(path, 'file')
  const temporary = temporaryNameBeside(path)
  try {
    await writeFlushed(temporary, data, mode, owner)
    // link() fails if the name is taken, so only one of two writers succeeds.
    if (replace) await fs.rename(temporary, path)
    else {
      await fs.link(temporary, path)
      await fs.unlink(temporary)
    }
    await flushFolder(dirname(path))
  } catch (cause) {
    // If it can't be removed either, the first error is the one to report.
    await fs.rm(temporary, { force: true }).catch(() => undefined)
    throw writeError(path, cause)
  }
}

/** A user and a group, by their numbers. */
export interface FileOwner {
  readonly uid: number
  readonly gid: number
}

async function writeFlushed(path: string, data: string | Uint8Array, mode: number, owner?: FileOwner): Promise<void> {
  const file = await fs.open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode)
  try {
    // Before the mode: a change of the owner takes away setuid bits (chown(2)).
    if (owner) await file.chown(owner.uid, owner.gid)
    // open() applies the umask to the mode, but a certificate must be readable even under umask 077.
    await file.chmod(mode)
    await file.writeFile(data)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Flushes a folder: until then, a rename in it isn't on the disk (fsync(2)). */
export async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await fs.open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** The error of a file that can't be written. */
export function writeError(path: string, cause: unknown): FileError {
  const code = codeOf(cause)
  if (code === 'EEXIST') {
    return new FileError('ERR_FILE_EXISTS', {
      tried: `writing ${path}`,
      got: 'a file of that name exists',
      todo: 'Choose another name, or move that file away first.',
      cause,
    })
  }
  return new FileError('ERR_FILE_WRITE', {
    tried: `writing ${path}`,
    got: code === 'ENOENT' ? `there is no folder ${dirname(path)}` : fileReason(cause),
    todo: writeRemedy(path, code),
    cause,
  })
}

function writeRemedy(path: string, code: string | undefined): string {
  if (code === 'ENOENT') return 'Create that folder first, or name a file in another one.'
  if (code === 'EISDIR') return `Name a file in it: ${withoutEnd(path, '/')}/NAME`
  return 'Choose a folder that you can write to, or free some space on its disk.'
}

/**
 * Refuses a path that no file can be written to, before long work whose result would be lost.
 *
 * @throws {@link FileError} ERR_FILE_WRITE
 */
export async function requireWritable(path: string): Promise<void> {
  if (await isFolder(path).catch(() => false)) throw writeError(path, errorWithCode('EISDIR', 'it is a folder'))
  await fs.access(dirname(path), constants.W_OK).catch((cause: unknown) => {
    throw writeError(path, cause)
  })
}

/** Why a file could not be read or written, for an error that already names the file. */
export function fileReason(cause: unknown): string {
  return codeOf(cause) === 'EISDIR' ? 'it is a folder, not a file' : systemReason(cause)
}

/** As {@link fileReason}, of a file that was opened with O_NOFOLLOW. */
export function noFollowReason(cause: unknown): string {
  return codeOf(cause) === 'ELOOP' ? 'it is a symbolic link' : fileReason(cause)
}

/** Why a file that the user named could not be read. */
export function readFault(cause: unknown): string {
  return codeOf(cause) === 'ENOENT' ? 'there is no such file' : fileReason(cause)
}

/** The text of a file, or undefined if there is none. With `latin1`, each character is one of its bytes. */
export async function readIfThere(path: string, encoding: 'utf8' | 'latin1' = 'utf8'): Promise<string | undefined> {
  try {
    return await fs.readFile(path, encoding)
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined
    throw new FileError('ERR_FILE_READ', {
      tried: `reading ${path}`,
      got: fileReason(cause),
      todo: 'Make it a file that you can read, in a folder that you can enter.',
      cause,
    })
  }
}

/** Is there a folder? A file in its place is an error. */
export async function isFolder(path: string): Promise<boolean> {
  try {
    if ((await fs.stat(path)).isDirectory()) return true
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return false
    throw folderError(path, fileReason(cause), cause)
  }
  throw folderError(path, 'it is a file, not a folder')
}

/** The error for a folder that can't be created. */
export function folderError(
  path: string,
  got: string,
  cause?: unknown,
  code: FileErrorCode = 'ERR_FILE_WRITE',
): FileError {
  return new FileError(code, {
    tried: `creating the folder ${path}`,
    got,
    todo: 'Choose another folder, or move the existing file or folder away.',
    cause,
  })
}

/** Does anything exist at this path? A broken link counts. */
export async function isThere(path: string): Promise<boolean> {
  return fs.lstat(path).then(
    () => true,
    () => false,
  )
}

/** Works on many files at once, but not on all: a folder may have more than a process may open. */
export async function mapInBatches<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (let first = 0; first < items.length; first += FILES_AT_ONCE) {
    const batch = items.slice(first, first + FILES_AT_ONCE).map((item) => work(item))
    results.push(...(await Promise.all(batch)))
  }
  return results
}
