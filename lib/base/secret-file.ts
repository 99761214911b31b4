import { FileError, isDockerMtlsError } from './errors.ts'
import { KEY_MODE, writeFileAtomically } from './files.ts'
import { refuseFolder } from './rendered-file.ts'

/**
 * Writes what has a key in it, for its owner alone.
 *
 * @param path - where to
 * @param data - the whole file
 * @param options - whether a file that is there is replaced, and what it could be called in a folder
 * @throws {@link FileError} ERR_FILE_EXISTS, ERR_FILE_WRITE
 */
export async function writeSecretFile(
  path: string,
  data: Uint8Array,
  { replace, name }: { readonly replace: boolean; readonly name: string },
): Promise<void> {
  await refuseFolder(path, name)
  try {
    await writeFileAtomically(path, data, { mode: KEY_MODE, replace })
  } catch (cause) {
    throw isDockerMtlsError(cause, 'ERR_FILE_EXISTS') ? exists(path, cause) : cause
  }
}

function exists(path: string, cause: unknown): FileError {
  return new FileError('ERR_FILE_EXISTS', {
    tried: `writing ${path}`,
    got: 'a file of that name is there already',
    todo: 'Choose another name, or let  --force  replace it.',
    cause,
  })
}
