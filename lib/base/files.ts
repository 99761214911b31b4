import { randomBytes } from 'node:crypto'
import { constants, promises as fs } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { FileError, type FileErrorCode } from './errors.ts'
import { codeOf } from './system-error.ts'

/** Folders that hold keys: only the owner looks in. */
export const FOLDER_MODE = 0o700
/** Private keys, and anything that a key is packed into. */
export const KEY_MODE = 0o600
/** Certificates and configuration: public, written by the owner alone. */
export const PUBLIC_MODE = 0o644

/** Makes a folder and its missing parents, each with {@link FOLDER_MODE} from the moment it exists. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeWithParents(path)
  } catch (cause) {
    throw new FileError('ERR_FILE_WRITE', {
      tried: `making the folder ${path}`,
      got: fileReason(cause),
      todo: 'Choose a folder that you may write to, or make room on its disk.',
      cause,
    })
  }
}

/** Not by mkdir's `recursive`: where a parent exists and mkdir(2) says ENOENT all the same, as in /proc, Node tries for ever. */
async function makeWithParents(path: string): Promise<void> {
  const cause = await whyNotMade(path)
  if (cause === undefined) return
  if (cause.code !== 'ENOENT') throw cause
  const parent = dirname(path)
  if (!(await isFolderNow(parent))) await makeWithParents(parent)
  // Where the parent is there by now, another one may just have made it.
  const again = await whyNotMade(path)
  if (again !== undefined) throw again
}

async function whyNotMade(path: string): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await fs.mkdir(path, { mode: FOLDER_MODE })
    return undefined
  } catch (cause) {
    return (await isFolderNow(path)) ? undefined : (cause as NodeJS.ErrnoException)
  }
}

async function isFolderNow(path: string): Promise<boolean> {
  return fs.stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

/**
 * Writes a whole file or nothing: into a temporary file of the right mode beside it, flushed, then moved into
 * place. With `replace: false` an existing file stays as it is, and that is an error.
 */
export async function writeFileAtomically(
  path: string,
  data: string | Uint8Array,
  { mode, replace = true }: { mode: number; replace?: boolean },
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`)
  try {
    await writeFlushed(temporary, data, mode)
    // link() fails where the name is taken, so two writers can't both believe that they were first.
    if (replace) await fs.rename(temporary, path)
    else {
      await fs.link(temporary, path)
      await fs.unlink(temporary)
    }
    await flushFolder(dirname(path))
  } catch (cause) {
    // Where it can't be removed either, the first reason is the one to tell.
    await fs.rm(temporary, { force: true }).catch(() => undefined)
    throw writeError(path, cause)
  }
}

async function writeFlushed(path: string, data: string | Uint8Array, mode: number): Promise<void> {
  const file = await fs.open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode)
  try {
    // open() takes the umask away from the mode: a certificate must stay readable under umask 077.
    await file.chmod(mode)
    await file.writeFile(data)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A rename is on the disk only when its folder is (fsync(2)). */
export async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await fs.open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function writeError(path: string, cause: unknown): FileError {
  const { code } = cause as NodeJS.ErrnoException
  if (code === 'EEXIST') {
    return new FileError('ERR_FILE_EXISTS', {
      tried: `writing ${path}`,
      got: 'a file of that name is there already',
      todo: 'Choose another name, or move that file away first.',
      cause,
    })
  }
  return new FileError('ERR_FILE_WRITE', {
    tried: `writing ${path}`,
    got: code === 'ENOENT' ? `there is no folder ${dirname(path)}` : fileReason(cause),
    todo: 'Choose a folder that you may write to, or make room on its disk.',
    cause,
  })
}

/**
 * Why a file could not be read or written, for an error that names the file already. Node's own text ends with the call
 * and its paths, among them the temporary ones: `EACCES: permission denied, open '/x/.ca.pem.1f0c'`.
 */
export function fileReason(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException
  if (code === 'EISDIR') return 'it is a folder, not a file'
  return message.replace(/, \w+(?: '.*)?$/s, '')
}

/** The text of a file, or undefined where there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await fs.readFile(path, 'utf8')
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined
    throw new FileError('ERR_FILE_READ', {
      tried: `reading ${path}`,
      got: fileReason(cause),
      todo: 'Make it a file that you may read, in a folder that you may enter.',
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
  throw folderError(path, 'a file is there, where a folder should be')
}

/** A folder that could not be made. */
export function folderError(
  path: string,
  got: string,
  cause?: unknown,
  code: FileErrorCode = 'ERR_FILE_WRITE',
): FileError {
  return new FileError(code, {
    tried: `making the folder ${path}`,
    got,
    todo: 'Choose another folder, or move away what is there.',
    cause,
  })
}

/** Is there anything at this path? A link that leads nowhere counts. */
export async function isThere(path: string): Promise<boolean> {
  return fs.lstat(path).then(
    () => true,
    () => false,
  )
}
