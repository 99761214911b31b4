import { finished, type Readable } from 'node:stream'
import type { Extract, Header } from 'tar-stream'
import { isDockerMtlsError } from '../../../base/errors.ts'
import { partsOf } from './safe-name.ts'
import { noArchive, special, unsafe } from './faults.ts'
import type { Place } from './place.ts'
import { SafeFolder } from './safe-folder.ts'

/** How to unpack a tar from a container. */
export interface Unpacking {
  /** The path in the container, for messages. */
  readonly path: string
  /** The first part of all names in the tar. */
  readonly prefix: string
  readonly place: Place
  readonly special: 'refuse' | 'skip'
  readonly signal: AbortSignal | undefined
}

type Entry = Extract extends AsyncIterable<infer One> ? One : never

/** Unpacks the tar of one path while it arrives. */
export async function unpack(tar: Readable, how: Unpacking): Promise<void> {
  // By its default export: in the built package, where it is bundled, it has no other.
  const { default: tarStream } = await import('tar-stream')
  const entries = tarStream.extract()
  // Also of a tar that has already failed, whose 'error' event is over.
  finished(tar, { writable: false }, (error) => error && entries.destroy(error))
  tar.pipe(entries)
  const folder = new SafeFolder(how.place.folder)
  try {
    for await (const entry of entries) await put(folder, entry, how)
    await folder.finish()
  } catch (error) {
    how.signal?.throwIfAborted()
    if (isDockerMtlsError(error)) throw error
    // tar-stream may only say that it was destroyed.
    const cause = tar.errored ?? error
    throw isDockerMtlsError(cause) ? cause : noArchive(how.path, cause)
  } finally {
    tar.destroy()
  }
}

async function put(folder: SafeFolder, entry: Entry, how: Unpacking): Promise<void> {
  const { name, type, size } = entry.header
  // tar-stream waits forever for an entry whose size it can't read, which is null.
  if (size < 0 || !Number.isSafeInteger(size)) throw unsafe(name, 'its size is invalid')
  const parts = placed(name, how)
  const attributes = attributesOf(entry.header)
  if (type === 'file' || type === 'contiguous-file') {
    return folder.file(parts, attributes, entry as AsyncIterable<Uint8Array>)
  }
  // Other types have no content, but the tar continues only after the entry was read.
  entry.resume()
  if (type === 'directory') return folder.folder(parts, attributes)
  const target = entry.header.linkname ?? ''
  if (type === 'symlink') return folder.symlink(parts, attributes, target)
  if (type === 'link') return folder.link(parts, placed(target, how))
  if (how.special === 'refuse') throw special(name, type)
}

/** The parts of a name below the target, without the name of the source if only its contents are copied. */
function placed(name: string, { prefix, place }: Unpacking): string[] {
  const parts = partsOf(name)
  if (prefix !== '.' && parts.shift() !== prefix) throw unsafe(name, `it is not below ${prefix}, which was requested`)
  return place.name === undefined ? parts : [place.name, ...parts]
}

function attributesOf({ mode, mtime }: Header): { mode: number; mtime: Date } {
  return { mode: mode ?? 0o644, mtime: mtime ?? new Date() }
}
