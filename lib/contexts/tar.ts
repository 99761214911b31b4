import { buffer } from 'node:stream/consumers'
import { extract, type Header } from 'tar-stream'
import type { ArchiveEntry } from './archive-entry.ts'

const BLOCK = 512

/**
 * The entries of a tar. That of `docker context export` ends behind its last byte of content: padding and end blocks are
 * added, and an entry that would reach into them is cut short, and refused.
 */
export async function* readEntries(bytes: Buffer): AsyncGenerator<ArchiveEntry> {
  const parser = extract()
  parser.end(Buffer.concat([bytes, Buffer.alloc(padding(bytes.length) + 2 * BLOCK)]))
  for await (const stream of parser) {
    const { name, type, size, byteOffset } = stream.header as Header & { byteOffset: number }
    if (byteOffset + size > bytes.length) throw new RangeError('an entry is cut short')
    const kind = type === 'file' ? 'file' : type === 'directory' ? 'folder' : 'something else'
    yield { name, kind, size, read: () => buffer(stream) }
    stream.resume()
  }
}

function padding(length: number): number {
  return (BLOCK - (length % BLOCK)) % BLOCK
}
