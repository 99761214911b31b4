import { Readable } from 'node:stream'
import type { Header, Pack } from 'tar-stream'
import { sourceFault } from './faults.ts'
import type { TarItem } from './item.ts'

/** Packs things into a tar while it is read: a piece of a file is all that is held. */
export function packItems(items: AsyncIterable<TarItem> | Iterable<TarItem>): Readable {
  return Readable.from(tarOf(items), { objectMode: false })
}

async function* tarOf(items: AsyncIterable<TarItem> | Iterable<TarItem>): AsyncGenerator<Buffer, void, undefined> {
  const { pack } = await import('tar-stream')
  const tar = pack()
  const filling = fill(tar, items).catch((error: unknown) => tar.destroy(error as Error))
  try {
    for await (const piece of tar) yield piece as Buffer
  } finally {
    tar.destroy()
    await filling
  }
}

async function fill(tar: Pack, items: AsyncIterable<TarItem> | Iterable<TarItem>): Promise<void> {
  for await (const item of items) {
    if (tar.destroyed) return
    await add(tar, item)
  }
  tar.finalize()
}

type Sink = ReturnType<Pack['entry']>

function add(tar: Pack, item: TarItem): Promise<void> {
  return new Promise((resolve, reject) => {
    const sink = tar.entry(headerOf(item), (error) => (error ? reject(error) : resolve()))
    // The callback tells of it.
    sink.on('error', () => {})
    if (item.type === 'file') pour(item, sink).catch((error: unknown) => sink.destroy(error as Error))
  })
}

async function pour({ name, size, content }: TarItem, sink: Sink): Promise<void> {
  let left = size
  for await (const piece of content?.() ?? []) {
    left -= piece.length
    if (left < 0) break
    if (!sink.destroying && !sink.write(piece)) await drained(sink)
    if (sink.destroying) return
  }
  if (left !== 0)
    throw sourceFault(name, `it ${left < 0 ? 'is longer than' : 'ended before'} the ${size} bytes that it had`)
  sink.end(undefined)
}

function drained(sink: Sink): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      sink.off('drain', settle).off('close', settle)
      resolve()
    }
    sink.on('drain', settle).on('close', settle)
  })
}

/** stat(2), S_IFREG: tar-stream takes a mode of 0 for none, and writes nothing of what is above the permissions. */
const IS_FILE = 0o100_000
/** tar-stream writes seconds of 31 bits. */
const LATEST = 0x7fff_ffff

function headerOf({ name, type, mode, mtime, uid, gid, size, linkname }: TarItem): Partial<Header> & { name: string } {
  const seconds = Math.floor(mtime.getTime() / 1000)
  const held = Math.min(Math.max(seconds, 0), LATEST)
  return {
    name,
    type,
    mode: (mode & 0o7777) | IS_FILE,
    uid,
    gid,
    size,
    mtime: new Date(held * 1000),
    ...(held !== seconds && { pax: { mtime: String(seconds) } }),
    ...(linkname !== undefined && { linkname }),
  }
}
