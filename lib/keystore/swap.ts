import { promises as fs } from 'node:fs'
import { basename, join } from 'node:path'
import { FileError } from '../base/errors.ts'
import { fileReason, flushFolder, isThere } from '../base/files.ts'
import { keepBeside, publishFolder, type NewFile } from '../base/replace-files.ts'
import type { LeafPaths } from './layout.ts'

/** Where a pair waits that is whole, and not yet in its place. */
const WAITING = '.next'

/**
 * Puts a new pair in the place of one that is there; the old one stays beside it. Three files can't be replaced in one
 * moment: so the new ones first come into the folder together, as a folder of their own, and whoever comes by after a run
 * that was killed takes them the rest of the way ({@link settleSwap}).
 *
 * @returns where the old files are now
 * @throws {@link FileError} ERR_FILE_EXISTS, where another run's pair is on its way
 */
export async function swapFiles(paths: LeafPaths, files: readonly NewFile[]): Promise<string[]> {
  await publishFolder(join(paths.folder, WAITING), files)
  return settleSwap(paths)
}

/**
 * Takes a pair that waits into its place. Nothing waits, mostly. Two runs may do so at once.
 *
 * @returns where the old files are now
 * @throws {@link FileError} ERR_FILE_WRITE
 */
export async function settleSwap({ folder, ca, key, cert }: LeafPaths): Promise<string[]> {
  const waiting = join(folder, WAITING)
  if (!(await isThere(waiting))) return []
  const keptAside: string[] = []
  try {
    // The certificate comes last: as long as it waits, the pair is seen to be unfinished.
    for (const path of [ca, key, cert]) {
      const from = join(waiting, basename(path))
      if (!(await isThere(from))) continue
      const aside = await keepBeside(path)
      if (aside !== undefined) keptAside.push(aside)
      await unlessGone(fs.rename(from, path))
    }
    await flushFolder(folder)
    await removeEmpty(waiting)
  } catch (cause) {
    if (cause instanceof FileError) throw cause
    throw new FileError('ERR_FILE_WRITE', {
      tried: `putting the files of ${waiting} into their place`,
      got: fileReason(cause),
      todo: 'Make the folder writable, or make room on its disk, and run it again.',
      cause,
    })
  }
  return keptAside
}

/** Another run was quicker: it has done the same. */
async function unlessGone(act: Promise<unknown>): Promise<void> {
  await act.catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
  })
}

/** Where it isn't empty, it is the next run's already. */
async function removeEmpty(path: string): Promise<void> {
  await fs.rmdir(path).catch((cause: unknown) => {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes((cause as NodeJS.ErrnoException).code ?? '')) throw cause
  })
}
