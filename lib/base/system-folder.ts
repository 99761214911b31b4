import { dirname } from 'node:path'
import { FileError } from './errors.ts'
import { shellLine } from './shell-quote.ts'

/**
 * Writes into a folder of the system, such as `/etc/systemd/system`: where that is root's, or isn't there, it says so.
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

function remedy(path: string, cause: unknown): string | undefined {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code
  if (code === 'ENOENT') return `Make the folder, and run it again:  ${shellLine('mkdir', '-p', dirname(path))}`
  if (code === 'EACCES' || code === 'EPERM') return 'Run it as root (sudo), or choose a folder that you may write to.'
  return undefined
}
