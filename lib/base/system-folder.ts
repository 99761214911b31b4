import { dirname } from 'node:path'
import { FileError } from './errors.ts'
import { command, sentence, type Sentence } from './sentence.ts'
import { codeOf } from './system-error.ts'

/**
 * Writes to a system folder, such as `/etc/systemd/system`. If it belongs to root, or doesn't exist, the error says what to
 * do.
 *
 * @throws {@link FileError} ERR_FILE_WRITE, and whatever the work throws
 */
export async function intoSystemFolder<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    const todo = error instanceof FileError && error.code === 'ERR_FILE_WRITE' ? remedy(path, error.cause) : undefined
    if (todo === undefined || !(error instanceof FileError)) throw error
    throw new FileError(error.code, { tried: error.tried, got: error.got, todo, cause: error })
  }
}

function remedy(path: string, cause: unknown): Sentence | undefined {
  switch (codeOf(cause)) {
    case 'ENOENT':
      return sentence`Create the folder, then run this again:  ${command('mkdir', '-p', dirname(path))}`
    case 'EACCES':
    case 'EPERM':
      return 'Run this as root (sudo), or choose a folder that you can write to.'
    default:
      return undefined
  }
}
