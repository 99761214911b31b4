import { promises as fs } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { FileError, isDockerMtlsError, PkiError } from './errors.ts'
import {
  fileReason,
  folderError,
  FOLDER_MODE,
  isFolder,
  makeFolder,
  readIfThere,
  writeFileAtomically,
} from './files.ts'
import { codeOf } from './system-error.ts'
import { removeAbandonedBeside, temporaryNameBeside } from './temporary-names.ts'

/** A file to write. */
export interface NewFile {
  readonly path: string
  readonly data: string
  readonly mode: number
}

interface Moved {
  readonly from: string
  readonly to: string
}

/**
 * Writes new files to a folder. Old files in their way are kept beside them.
 *
 * @returns the new paths of the old files
 * @throws {@link FileError} ERR_FILE_EXISTS if another run was first
 */
export async function putFiles(folder: string, files: readonly NewFile[], old: readonly string[]): Promise<string[]> {
  if (await isFolder(folder)) return replaceFiles(files, old)
  await publishFolder(folder, files)
  return []
}

/**
 * Creates a folder with these files, all or nothing: a run that is killed leaves no incomplete pair. If two runs race, one
 * wins, and the other one gets ERR_FILE_EXISTS.
 *
 * @param before - run when all files are written, under a temporary name
 */
export async function publishFolder(
  target: string,
  files: readonly NewFile[],
  before?: () => Promise<void>,
): Promise<void> {
  await makeFolder(dirname(target))
  await removeAbandonedBeside(target, 'folder')
  const staging = temporaryNameBeside(target)
  try {
    await makeStaging(staging, target)
    for (const file of files) await writeStaged(staging, file)
    await before?.()
    await moveFolder(staging, target)
  } catch (error) {
    // If it can't be removed either, the first error is the one to report.
    await fs.rm(staging, { recursive: true, force: true }).catch(() => undefined)
    throw error
  }
}

/**
 * Writes new files. Old files in their way are kept beside them, with a date after their names. If a step fails,
 * everything is as before.
 *
 * @returns the new paths of the old files
 */
export async function replaceFiles(files: readonly NewFile[], old: readonly string[]): Promise<string[]> {
  const moved: Moved[] = []
  const written: NewFile[] = []
  try {
    const suffix = dateSuffix()
    for (const path of old) moved.push({ from: path, to: await setAside(path, suffix) })
    for (const file of files) {
      await writeFileAtomically(file.path, file.data, { mode: file.mode, replace: false })
      written.push(file)
    }
    for (const file of files) await checkOurs(file)
  } catch (error) {
    // If a step of this fails as well, the others still have to be done, and the first error is the one to report.
    for (const file of written) if (await isOurs(file)) await fs.rm(file.path, { force: true }).catch(() => undefined)
    for (const { from, to } of moved.toReversed()) await moveWithoutLoss(to, from).catch(() => undefined)
    throw error
  }
  return moved.map(({ to }) => to)
}

/**
 * Gives a file a second name beside the first, with a date, so that it is kept when another file replaces it.
 *
 * @returns the second name, or undefined if there is no file
 */
export async function keepBeside(path: string): Promise<string | undefined> {
  if ((await readIfThere(path)) === undefined) return undefined
  return besideName(path, dateSuffix(), (aside) => linkWithoutLoss(path, aside))
}

/** Can group or others read this key? Windows has no such modes. */
export async function isOpenToOthers(path: string): Promise<boolean> {
  if (process.platform === 'win32') return false
  return ((await fs.stat(path)).mode & 0o077) !== 0
}

/** Checks that no other run has written to the same path at the same time. */
async function checkOurs(file: NewFile): Promise<void> {
  if (await isOurs(file)) return
  throw new PkiError('ERR_PKI_FILE_INVALID', {
    tried: `writing ${file.path}`,
    got: 'another run has changed it at the same time',
    todo: 'Wait until the other run has ended, then run this again.',
  })
}

async function isOurs({ path, data }: NewFile): Promise<boolean> {
  return (await fs.readFile(path, 'utf8').catch(() => undefined)) === data
}

/** Creates the temporary folder. Errors name the requested folder instead. */
async function makeStaging(path: string, target: string): Promise<void> {
  try {
    await fs.mkdir(path, { mode: FOLDER_MODE })
  } catch (cause) {
    throw folderError(target, fileReason(cause), cause)
  }
}

async function writeStaged(staging: string, { path, data, mode }: NewFile): Promise<void> {
  try {
    await writeFileAtomically(join(staging, basename(path)), data, { mode })
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    throw new FileError(error.code, { tried: `writing ${path}`, got: error.got, todo: error.todo, cause: error.cause })
  }
}

async function moveFolder(from: string, to: string): Promise<void> {
  try {
    // rename(2) of a folder replaces only an empty folder.
    await fs.rename(from, to)
  } catch (cause) {
    // Windows reports EPERM.
    const taken = ['ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EPERM'].includes(codeOf(cause)) && (await isFolder(to))
    throw folderError(to, fileReason(cause), cause, taken ? 'ERR_FILE_EXISTS' : 'ERR_FILE_WRITE')
  }
}

/** A time, by default the current one, as it is appended to names: `2026-11-25T10-20-30Z`. */
export function dateSuffix(date: Date = new Date()): string {
  return date.toISOString().replace(/\.\d+/, '').replaceAll(':', '-')
}

/** Renames a file, to a name beside it that is free. */
function setAside(path: string, suffix: string): Promise<string> {
  return besideName(path, suffix, (aside) => moveWithoutLoss(path, aside))
}

async function besideName(path: string, suffix: string, put: (aside: string) => Promise<void>): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const aside = `${path}.${suffix}${attempt === 1 ? '' : `-${attempt}`}`
    try {
      await put(aside)
      return aside
    } catch (cause) {
      if (!isDockerMtlsError(cause, 'ERR_FILE_EXISTS') || attempt >= 100) throw cause
    }
  }
}

async function moveWithoutLoss(from: string, to: string): Promise<void> {
  await linkWithoutLoss(from, to, () => fs.unlink(from))
}

/** rename(2) would replace an existing file; link(2) fails. */
async function linkWithoutLoss(from: string, to: string, then = async (): Promise<void> => undefined): Promise<void> {
  try {
    await fs.link(from, to)
    await then()
  } catch (cause) {
    const code = codeOf(cause) === 'EEXIST' ? 'ERR_FILE_EXISTS' : 'ERR_FILE_WRITE'
    throw new FileError(code, {
      tried: `moving ${from} to ${to}`,
      got: fileReason(cause),
      todo: 'Choose a folder that you can write to, on a file system with hard links.',
      cause,
    })
  }
}
