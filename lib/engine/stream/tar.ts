import { Readable } from 'node:stream'
import type { Header, Pack } from 'tar-stream'

/** The header of an entry. */
export type TarHeader = Partial<Header> & Pick<Header, 'name'>
/** The content of a file. */
export type TarContent = AsyncIterable<Uint8Array> | Iterable<Uint8Array>
type Sink = ReturnType<Pack['entry']>

/** Packs a tar while it is read. Only a chunk of a file is in memory. */
export function packTar(fill: (tar: Pack) => Promise<void>): Readable {
  return Readable.from(tarOf(fill), { objectMode: false })
}

async function* tarOf(fill: (tar: Pack) => Promise<void>): AsyncGenerator<Buffer, void, undefined> {
  // By its default export: in the built package, where it is bundled, it has no other.
  const { default: tarStream } = await import('tar-stream')
  const tar = tarStream.pack()
  const filling = fill(tar)
    .then(() => tar.finalize())
    .catch((error: unknown) => tar.destroy(error as Error))
  try {
    for await (const chunk of tar) yield chunk as Buffer
  } finally {
    tar.destroy()
    await filling
  }
}

/** Adds an entry to a tar, at the pace of its reader. Always closes the content. */
export async function addEntry(tar: Pack, header: TarHeader, content: TarContent): Promise<void> {
  const sink = tar.entry(header)
  const added = new Promise<void>((resolve, reject) => {
    sink.once('error', reject).once('close', resolve)
  })
  // Awaited below, when the content is closed.
  added.catch(() => {})
  // Only files have content. Other entries are complete with their header.
  if (header.type !== 'file') return
  await pour(content, sink).catch((error: unknown) => sink.destroy(error as Error))
  await added
}

async function pour(content: TarContent, sink: Sink): Promise<void> {
  for await (const chunk of content) {
    if (!sink.destroying && !sink.write(chunk)) await drained(sink)
    if (sink.destroying) return
  }
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

/**
 * tar-stream replaces a mode of 0 with a default, and writes only the permissions: so the bit of S_IFREG changes
 * nothing else (stat(2)).
 */
export function tarMode(mode: number): number {
  return (mode & 0o7777) | 0o100_000
}

/** The latest time that tar-stream can write into a header, in seconds. */
const LATEST = 0x7fff_ffff

/** Whole seconds, as the Docker CLI sends them; in a pax record if they don't fit into a header. */
export function tarTime(seconds: number): Pick<TarHeader, 'mtime' | 'pax'> {
  const held = Math.min(Math.max(seconds, 0), LATEST)
  return { mtime: new Date(held * 1000), ...(held !== seconds && { pax: { mtime: String(seconds) } }) }
}
