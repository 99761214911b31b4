import { buffer } from 'node:stream/consumers'
import { extract, type Header } from 'tar-stream'
import type { ArchiveEntry } from './archive-entry.ts'

const BLOCK = 512

/**
 * Reads the entries of a tar. `docker context export` omits the padding after the last entry and the end blocks, so this adds
 * them. An entry that would extend into the added bytes is truncated, and reading it fails.
 */
export async function* readEntries(bytes: Buffer): AsyncGenerator<ArchiveEntry> {
  const parser = extract()
  parser.end(Buffer.concat([bytes, Buffer.alloc(padding(bytes.length) + 2 * BLOCK)]))
  for await (const stream of parser) {
    const { name, type, size, byteOffset } = stream.header as Header & { byteOffset: number }
    // tar-stream waits forever for an entry whose size it can't read, which is null.
    if (!Number.isSafeInteger(size) || size < 0 || byteOffset + size > bytes.length)
      throw new RangeError('an entry is cut short')
    const kind = type === 'file' ? 'file' : type === 'directory' ? 'folder' : 'other'
    yield { name, kind, size, read: () => buffer(stream) }
    stream.resume()
  }
}

function padding(length: number): number {
  return (BLOCK - (length % BLOCK)) % BLOCK
}
