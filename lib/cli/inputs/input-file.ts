import { promises as fs } from 'node:fs'
import { FileError } from '../../base/errors.ts'
import { readFault } from '../../base/files.ts'
import type { Io } from '../terminal/io.ts'

/** More than any PEM file that people send each other; a wrong path may lead to a large file. */
const MAX_BYTES = 1_048_576

/**
 * Reads a file that somebody sent, or stdin for `-`.
 *
 * @param what - what it should be, for messages: `the request`
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function readInput(path: string, io: Io, what: string): Promise<Buffer> {
  if (path === '-') return readStdin(io, what)
  try {
    const stats = await fs.stat(path)
    if (!stats.isFile())
      throw new Error(stats.isDirectory() ? 'it is a folder, not a file' : 'it is not a regular file')
    if (stats.size > MAX_BYTES) throw new Error(tooLong(stats.size))
    return await fs.readFile(path)
  } catch (cause) {
    throw unread(`reading ${what} from ${path}`, readFault(cause), cause)
  }
}

/** Its name in errors of the library. */
export function inputName(path: string): string {
  return path === '-' ? 'stdin' : path
}

async function readStdin({ stdin, signal }: Io, what: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stdin.iterator({ destroyOnReturn: false })) {
    signal.throwIfAborted()
    chunks.push(Buffer.from(chunk as Uint8Array))
    bytes += chunks.at(-1)?.length ?? 0
    if (bytes > MAX_BYTES) throw unread(`reading ${what} from stdin`, tooLong(bytes))
  }
  return Buffer.concat(chunks)
}

function tooLong(bytes: number): string {
  return `it has at least ${bytes} bytes, which is too large`
}

function unread(tried: string, got: string, cause?: unknown): FileError {
  return new FileError('ERR_FILE_READ', { tried, got, todo: 'Name an existing file that you can read.', cause })
}
