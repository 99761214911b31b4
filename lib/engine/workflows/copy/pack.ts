import type { Readable } from 'node:stream'
import { addEntry, packTar, tarMode, tarTime, type TarHeader } from '../../stream/tar.ts'
import { sourceFault } from './faults.ts'
import type { TarItem } from './item.ts'

/** Packs items into a tar while it is read. */
export function packItems(items: AsyncIterable<TarItem> | Iterable<TarItem>): Readable {
  return packTar(async (tar) => {
    for await (const item of items) await addEntry(tar, headerOf(item), contentOf(item))
  })
}

/** Exactly as many bytes as announced: the header with the size has already been sent. */
async function* contentOf({ name, size, content }: TarItem): AsyncGenerator<Uint8Array, void, undefined> {
  let left = size
  for await (const chunk of content?.() ?? []) {
    left -= chunk.length
    if (left < 0) break
    yield chunk
  }
  if (left === 0) return
  throw sourceFault(name, `it is ${left < 0 ? 'longer' : 'shorter'} than its announced size of ${size} bytes`)
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
