import type { Readable } from 'node:stream'
import { addEntry, packTar, tarMode, tarTime, type TarHeader } from '../../stream/tar.ts'
import { sourceFault } from './faults.ts'
import type { TarItem } from './item.ts'

/** Packs things into a tar while it is read. */
export function packItems(items: AsyncIterable<TarItem> | Iterable<TarItem>): Readable {
  return packTar(async (tar) => {
    for await (const item of items) await addEntry(tar, headerOf(item), contentOf(item))
  })
}

/** As many bytes as were told of: the header has been sent by then. */
async function* contentOf({ name, size, content }: TarItem): AsyncGenerator<Uint8Array, void, undefined> {
  let left = size
  for await (const piece of content?.() ?? []) {
    left -= piece.length
    if (left < 0) break
    yield piece
  }
  if (left === 0) return
  throw sourceFault(name, `it ${left < 0 ? 'is longer than' : 'ended before'} the ${size} bytes that it had`)
}

function headerOf({ name, type, mode, mtime, uid, gid, size, linkname }: TarItem): TarHeader {
  return {
    name,
    type,
    mode: tarMode(mode),
    uid,
    gid,
    size,
    ...tarTime(Math.floor(mtime.getTime() / 1000)),
    ...(linkname !== undefined && { linkname }),
  }
}
