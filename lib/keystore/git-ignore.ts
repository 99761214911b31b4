import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import { isDockerMtlsError } from '../base/errors.ts'
import { makeFolder, PUBLIC_MODE, writeFileAtomically } from '../base/files.ts'
import type { NewFile } from '../base/replace-files.ts'
import { parseTemporaryName } from '../base/temporary-names.ts'

/** The name of the file that hides a folder with keys from git. */
export const GIT_IGNORE = '.gitignore'

/** With `*`, git ignores everything in the folder, this file included (gitignore(5)). */
export function gitIgnore(folder: string): NewFile {
  return { path: join(folder, GIT_IGNORE), data: '*\n', mode: PUBLIC_MODE }
}

/**
 * Creates a folder for keys, which git ignores, unless it exists. An existing folder gets the `.gitignore` only if it is empty:
 * in a folder with files of its owner, it would hide those as well.
 *
 * @throws {@link FileError} ERR_FILE_WRITE
 */
export async function makeKeyFolder(folder: string): Promise<void> {
  await makeFolder(folder)
  const names = await fs.readdir(folder).catch(() => ['unknown'])
  // A killed run may have left the temporary file.
  if (!names.every((name) => parseTemporaryName(name)?.target === GIT_IGNORE)) return
  const { path, data, mode } = gitIgnore(folder)
  try {
    await writeFileAtomically(path, data, { mode, replace: false })
  } catch (error) {
    // Another run was first.
    if (!isDockerMtlsError(error, 'ERR_FILE_EXISTS')) throw error
  }
}
