import { FileError, isDockerMtlsError } from './errors.ts'
import { KEY_MODE, writeFileAtomically } from './files.ts'
import { refuseFolder } from './rendered-file.ts'
import { option, sentence } from './sentence.ts'

/**
 * Writes a file that contains a key, which only its owner can read.
 *
 * @param path - of the file
 * @param data - its contents
 * @param options - whether to replace an existing file, and what the file could be called if the path is a folder
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
    got: 'a file of that name exists',
    todo: sentence`Choose another name, or replace it with ${option('force', 'true')}.`,
    cause,
  })
}
