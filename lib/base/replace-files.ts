import { randomBytes } from 'node:crypto'
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

/** A file that is to be. */
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
 * Puts new files into a folder, and what is in their way beside them.
 *
 * @returns where the old files are now
 * @throws {@link FileError} ERR_FILE_EXISTS, where another run was first
 */
export async function putFiles(folder: string, files: readonly NewFile[], old: readonly string[]): Promise<string[]> {
  if (await isFolder(folder)) return replaceFiles(files, old)
  await publishFolder(folder, files)
  return []
}

/**
 * Makes a folder with these files, all of it or nothing: a run that is killed leaves no half of a pair, and of two runs
 * at once one wins. The other gets ERR_FILE_EXISTS.
 */
export async function publishFolder(target: string, files: readonly NewFile[]): Promise<void> {
  await makeFolder(dirname(target))
  const staging = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}`)
  try {
    await makeStaging(staging, target)
    for (const file of files) await writeStaged(staging, file)
    await moveFolder(staging, target)
  } catch (error) {
    // Where it can't be removed either, the first reason is the one to tell.
    await fs.rm(staging, { recursive: true, force: true }).catch(() => undefined)
    throw error
  }
}

/**
 * Puts new files in place. The old ones that are in the way stay beside them, with a date behind their names. Where a
 * step fails, everything is as it was.
 *
 * @returns where the old files are now
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
    for (const file of written) if (await isOurs(file)) await fs.rm(file.path, { force: true })
    for (const { from, to } of moved.toReversed()) await moveWithoutLoss(to, from).catch(() => undefined)
    throw error
  }
  return moved.map(({ to }) => to)
}

/**
 * Keeps what is in a place under a second name beside it, with a date; it stays where it is until something takes its place.
 *
 * @returns the second name, or undefined where there is nothing
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

/** Two files that were written by one run look alike only while no other run writes there too. */
async function checkOurs(file: NewFile): Promise<void> {
  if (await isOurs(file)) return
  throw new PkiError('ERR_PKI_FILE_INVALID', {
    tried: `writing ${file.path}`,
    got: 'it changed while we wrote: another run is at work in this folder',
    todo: 'Run it again when the other run is through.',
  })
}

async function isOurs({ path, data }: NewFile): Promise<boolean> {
  return (await fs.readFile(path, 'utf8').catch(() => undefined)) === data
}

/** An error names what was asked for, and not the folder that it is made in. */
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
    // rename(2) puts a folder in the place of none, or of an empty one, and of nothing else.
    await fs.rename(from, to)
  } catch (cause) {
    // Windows says EPERM.
    const taken = ['ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EPERM'].includes(codeOf(cause)) && (await isFolder(to))
    throw folderError(to, fileReason(cause), cause, taken ? 'ERR_FILE_EXISTS' : 'ERR_FILE_WRITE')
  }
}

/** A moment as it stands behind a name: `2026-11-25T10-20-30Z`. */
export function dateSuffix(): string {
  return new Date().toISOString().replace(/\.\d+/, '').replaceAll(':', '-')
}

/** Moves a file beside itself, under a name that nothing has yet. */
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

/** rename(2) would take the place of a file that is there; link(2) fails. */
async function linkWithoutLoss(from: string, to: string, then = async (): Promise<void> => undefined): Promise<void> {
  try {
    await fs.link(from, to)
    await then()
  } catch (cause) {
    const code = codeOf(cause) === 'EEXIST' ? 'ERR_FILE_EXISTS' : 'ERR_FILE_WRITE'
    throw new FileError(code, {
      tried: `moving ${from} to ${to}`,
      got: fileReason(cause),
      todo: 'Choose a folder that you may write to, on a file system with hard links.',
      cause,
    })
  }
}
