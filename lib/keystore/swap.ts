import { promises as fs } from 'node:fs'
import { basename, join } from 'node:path'
import { FileError } from '../base/errors.ts'
import { fileReason, flushFolder, isThere, readIfThere } from '../base/files.ts'
import { keepBeside, publishFolder, type NewFile } from '../base/replace-files.ts'
import { codeOf } from '../base/system-error.ts'
import type { LeafPaths } from './layout.ts'

/** How long another run may take between the first and the last file of a pair: some milliseconds. */
export const SETTLE_MS = 100

/** The folder of a complete pair that is not in its place yet. */
export const WAITING = '.next'

/**
 * Replaces a pair; by default, the old one is kept beside it. Three files can't be replaced atomically, so the new ones first appear
 * together in a folder of their own. If this run is killed then, the next one moves them into place ({@link settleSwap}).
 *
 * @returns the new paths of the old files
 * @throws {@link FileError} ERR_FILE_EXISTS if another run is replacing the pair
 */
export async function swapFiles(paths: LeafPaths, files: readonly NewFile[], options?: SwapOptions): Promise<string[]> {
  await publishFolder(join(paths.folder, WAITING), files)
  return settleSwap(paths, options)
}

/** How a pair is replaced. */
export interface SwapOptions {
  /** Keeps the old files beside the new ones. A client that renews its certificate every ten minutes would have many. */
  readonly keep?: boolean
}

/**
 * Moves a waiting pair into place, if there is one. Two runs may do so at once.
 *
 * @returns the new paths of the old files
 * @throws {@link FileError} ERR_FILE_WRITE
 */
export async function settleSwap(
  { folder, ca, key, cert }: LeafPaths,
  { keep = true }: SwapOptions = {},
): Promise<string[]> {
  const waiting = join(folder, WAITING)
  if (!(await isThere(waiting))) return []
  const keptAside: string[] = []
  try {
    // The certificate comes last: while it waits, the pair is recognizably unfinished.
    for (const path of [ca, key, cert]) {
      const from = join(waiting, basename(path))
      if (!(await isThere(from))) continue
      const aside = keep ? await keepBeside(path) : undefined
      if (aside !== undefined) keptAside.push(aside)
      await unlessGone(fs.rename(from, path))
    }
    await flushFolder(folder)
    await removeEmpty(waiting)
  } catch (cause) {
    if (cause instanceof FileError) throw cause
    throw new FileError('ERR_FILE_WRITE', {
      tried: `moving the files of ${waiting} into place`,
      got: fileReason(cause),
      todo: 'Make the folder writable, check that its disk has free space, and run the command again.',
      cause,
    })
  }
  return keptAside
}

/**
 * Reads a file of a pair as it is once a waiting pair is in its place, and changes nothing.
 *
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function readSettled({ folder }: LeafPaths, path: string): Promise<string | undefined> {
  return (await readIfThere(join(folder, WAITING, basename(path)))) ?? readIfThere(path)
}

/** Another run was faster and has done the same. */
async function unlessGone(act: Promise<unknown>): Promise<void> {
  await act.catch((cause: unknown) => {
    if (codeOf(cause) !== 'ENOENT') throw cause
  })
}

/** A folder that isn't empty belongs to the next run already. */
async function removeEmpty(path: string): Promise<void> {
  await fs.rmdir(path).catch((cause: unknown) => {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(codeOf(cause))) throw cause
  })
}
