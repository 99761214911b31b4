import { buffer } from 'node:stream/consumers'
import { crc32 } from 'node:zlib'
import { fromBufferPromise, type Entry } from 'yauzl'
import type { ArchiveEntry } from './archive-entry.ts'

/** The file types of stat(2). Unix programs store them in the upper half of the attributes (APPNOTE.TXT 4.4.15). */
const TYPE_MASK = 0o170000
const REGULAR = 0o100000
const FOLDER = 0o040000

/** Reads the entries that the central directory lists. yauzl limits each entry to the size declared there. */
export async function* readEntries(bytes: Buffer): AsyncGenerator<ArchiveEntry> {
  const zip = await fromBufferPromise(bytes, { strictFileNames: true })
  for await (const entry of zip.eachEntry()) {
    const read = async (): Promise<Buffer> => {
      const content = await buffer(await zip.openReadStreamPromise(entry))
      if (crc32(content) !== entry.crc32) throw new RangeError('an entry is damaged')
      return content
    }
    yield { name: entry.fileName, kind: kindOf(entry), size: entry.uncompressedSize, read }
  }
}

/** An encrypted entry is refused like a link or a device: the Docker CLI can't read it. */
function kindOf(entry: Entry): ArchiveEntry['kind'] {
  const type = (entry.externalFileAttributes >>> 16) & TYPE_MASK
  const isFolder = entry.fileName.endsWith('/')
  if (entry.isEncrypted() || ![0, isFolder ? FOLDER : REGULAR].includes(type)) return 'other'
  return isFolder ? 'folder' : 'file'
}
