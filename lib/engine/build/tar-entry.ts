import type { Header, Pack } from 'tar-stream'
import type { ContextEntry } from './entry.ts'

export type Headers = Partial<Header> & Pick<Header, 'name'>
/** What is in a file. */
export type Content = AsyncIterable<Buffer> | Iterable<Buffer>
type Sink = ReturnType<Pack['entry']>

/** Adds an entry to a tar, as fast as that is read. However it ends, nothing of the content stays open. */
export async function addEntry(tar: Pack, header: Headers, content: Content): Promise<void> {
  const sink = tar.entry(header)
  const added = new Promise<void>((resolve, reject) => {
    sink.once('error', reject).once('close', resolve)
  })
  // Heard of below, when the content is closed.
  added.catch(() => {})
  // What is no file has no content, and its entry is over as it begins.
  if (header.type !== 'file') return
  await pour(content, sink).catch((error: unknown) => sink.destroy(error as Error))
  await added
}

async function pour(content: Content, sink: Sink): Promise<void> {
  for await (const piece of content) {
    if (!sink.destroying && !sink.write(piece)) await drained(sink)
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

export function headerOf({ path, type, mode, size, mtime, target }: ContextEntry): Headers {
  return {
    name: type === 'directory' ? `${path}/` : path,
    type,
    // tar-stream takes a mode of 0 for none at all; of what is above the permissions it writes nothing.
    mode: mode | IS_FILE,
    size,
    ...timeOf(mtime),
    ...(type === 'symlink' && { linkname: target }),
  }
}

/** stat(2), S_IFREG. */
const IS_FILE = 0o100_000

/** For what we add ourselves. */
export const ownHeader = (name: string, { length: size }: Buffer): Headers => ({
  name,
  type: 'file',
  mode: 0o600,
  size,
  mtime: new Date(),
})

/** tar-stream writes seconds of 31 bits. */
const LATEST = 0x7fff_ffff

/** Whole seconds, as the Docker CLI sends them; in a pax record where a header doesn't hold them. */
function timeOf(mtime: bigint): Pick<Headers, 'mtime' | 'pax'> {
  const seconds = Number(mtime / 1_000_000_000n)
  const held = Math.min(Math.max(seconds, 0), LATEST)
  return { mtime: new Date(held * 1000), ...(held !== seconds && { pax: { mtime: String(seconds) } }) }
}
