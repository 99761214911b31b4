import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { READ_NO_FOLLOW } from '../open-flags.ts'
import { identityOf, type ContextEntry } from './entry.ts'
import { changed, unreadable } from './faults.ts'

/** undici and HTTP/2 send this in one chunk, and reading more at once isn't faster. In bytes. */
const CHUNK = 64 * 1024

/**
 * Reads a file that the walk of the context has seen.
 *
 * @throws {@link BuildError} ERR_BUILD_FILE_CHANGED for another file or size, ERR_BUILD_FILE_UNREADABLE
 */
export async function* readEntry(
  root: string,
  entry: ContextEntry,
  signal?: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const file = await openEntry(root, entry)
  try {
    for (let left = entry.size; left > 0;) {
      signal?.throwIfAborted()
      // Room for one byte more than expected shows whether a small file grew.
      const chunk = await readChunk(file, entry, Math.min(CHUNK, left + 1))
      left -= chunk.length
      if (left < 0) throw changed(entry.path)
      yield chunk
    }
    if (entry.size >= CHUNK && (await file.stat({ bigint: true })).size !== BigInt(entry.size))
      throw changed(entry.path)
  } finally {
    await file.close()
  }
}

async function openEntry(root: string, entry: ContextEntry): Promise<FileHandle> {
  const file = await open(join(root, entry.path), READ_NO_FOLLOW).catch((cause: unknown) => {
    throw unreadable(entry.path, cause)
  })
  try {
    const stats = await file.stat({ bigint: true })
    // A link may have replaced the file, with a target outside of the context.
    if (identityOf(stats) !== entry.identity || stats.size !== BigInt(entry.size)) throw changed(entry.path)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

async function readChunk(file: FileHandle, { path }: ContextEntry, length: number): Promise<Buffer> {
  const chunk = Buffer.allocUnsafe(length)
  const { bytesRead } = await file.read(chunk, 0, length, null).catch((cause: unknown) => {
    throw unreadable(path, cause)
  })
  if (bytesRead === 0) throw changed(path)
  return chunk.subarray(0, bytesRead)
}

/** Whether a file fits into one chunk. */
export function isSmall({ type, size }: ContextEntry): boolean {
  return type === 'file' && size < CHUNK
}

/** Reads all chunks of {@link readEntry}, and closes the file. */
export async function readSmall(root: string, entry: ContextEntry, signal?: AbortSignal): Promise<Buffer[]> {
  const chunks: Buffer[] = []
  for await (const chunk of readEntry(root, entry, signal)) chunks.push(chunk)
  return chunks
}
