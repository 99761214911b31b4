import { pack } from 'tar-stream'
import { buffer } from 'node:stream/consumers'
import { EndpointError } from '../base/errors.ts'
import { command, sentence, type Sentence } from '../base/sentence.ts'
import { KEY_MODE, PUBLIC_MODE, FOLDER_MODE } from '../base/files.ts'
import type { ArchiveEntry } from './archive-entry.ts'
import type { Credentials } from './credentials.ts'

/** docker/cli, cli/context/store, maxAllowedFileSizeToImport. */
export const MAX_ARCHIVE_BYTES: number = 10 * 1024 * 1024

/** What a context's archive holds, unpacked and not yet understood. */
export interface ArchivedContext {
  /** The text of `meta.json`. */
  readonly meta: string
  /** Those of the three that are there. */
  readonly tls: Partial<Credentials>
}

const META = 'meta.json'
const FOLDERS: ReadonlySet<string> = new Set(['tls', 'tls/docker'])
const FILES: ReadonlyMap<string, keyof Credentials> = new Map([
  ['tls/docker/ca.pem', 'ca'],
  ['tls/docker/cert.pem', 'cert'],
  ['tls/docker/key.pem', 'key'],
])

/** Far more than a context's metadata, or a chain of certificates, has. */
const MAX_FILE_BYTES = 1_048_576

/**
 * Packs a context as `docker context export` does, with the padding and the end that the CLI leaves out.
 *
 * @param meta - the text of `meta.json`
 * @returns a tar; it has the key in it
 */
export async function packContext(meta: string, credentials: Credentials | undefined): Promise<Buffer> {
  const tar = pack()
  // As the CLI has it: the same context makes the same archive.
  const mtime = new Date(0)
  tar.entry({ name: META, mode: PUBLIC_MODE, mtime }, meta)
  if (credentials !== undefined) {
    for (const name of FOLDERS) tar.entry({ name, type: 'directory', mode: FOLDER_MODE, mtime })
    for (const [name, part] of FILES) tar.entry({ name, mode: KEY_MODE, mtime }, Buffer.from(credentials[part]))
  }
  tar.finalize()
  return buffer(tar)
}

/**
 * Unpacks the archive of a context, tar or zip, in memory. It checks every entry and refuses anything that the
 * Docker CLI would not have put there.
 *
 * @throws {@link EndpointError} ERR_CONTEXT_ARCHIVE_INVALID
 */
export async function unpackContext(bytes: Buffer): Promise<ArchivedContext> {
  const format = formatOf(bytes)
  const found = await readAll(bytes, format).catch((cause: unknown) => {
    throw cause instanceof EndpointError ? cause : invalid(`it is not a complete ${format} file`, undefined, cause)
  })
  const meta = found.get(META)
  if (meta === undefined) throw invalid(`it has no ${META}`)
  const tls = [...FILES].flatMap(([name, part]) => {
    const content = found.get(name)
    return content === undefined ? [] : [[part, content] as const]
  })
  return { meta: meta.toString('utf8'), tls: Object.fromEntries(tls) }
}

/** By its first bytes: a zip begins with a local file header or, empty, with its end (APPNOTE.TXT 4.3). */
function formatOf(bytes: Buffer): 'zip' | 'tar' {
  if (bytes.length === 0) throw invalid('it is empty')
  if (bytes.length > MAX_ARCHIVE_BYTES) throw invalid(`it is larger than ${MAX_ARCHIVE_BYTES} bytes`)
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    throw invalid('it is compressed with gzip', sentence`Decompress it first:  ${command('gunzip', 'FILE')}`)
  return bytes.subarray(0, 2).toString('latin1') === 'PK' ? 'zip' : 'tar'
}

async function readAll(bytes: Buffer, format: 'zip' | 'tar'): Promise<Map<string, Buffer>> {
  const { readEntries } = format === 'zip' ? await import('./zip.ts') : await import('./tar.ts')
  const found = new Map<string, Buffer>()
  for await (const entry of readEntries(bytes)) {
    const name = checkEntry(entry)
    if (found.has(name)) throw invalid(`it contains ${quoted(name)} twice`)
    found.set(name, entry.kind === 'file' ? await entry.read() : Buffer.alloc(0))
  }
  return found
}

/** The name, if it is one of those that may be there: whatever else there is could be a trick. */
function checkEntry({ name, kind, size }: ArchiveEntry): string {
  if (kind === 'something else') throw invalid(`${quoted(name)} in it is neither a file nor a folder`)
  const plain = kind === 'folder' ? name.replace(/\/$/, '') : name
  const isKnown = kind === 'folder' ? FOLDERS.has(plain) : plain === META || FILES.has(plain)
  if (!isKnown) throw invalid(`${quoted(name)} in it does not belong to a context`)
  if (size > MAX_FILE_BYTES) throw invalid(`${quoted(name)} in it is larger than ${MAX_FILE_BYTES} bytes`)
  return plain
}

/** Cut, since a name may be as long as the archive. */
function quoted(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}...` : name)
}

/** An archive that no context is taken from. */
export function invalid(
  got: string,
  todo: Sentence = sentence`Export the context again:  ${command('docker', 'context', 'export', 'NAME')}`,
  cause?: unknown,
): EndpointError {
  return new EndpointError('ERR_CONTEXT_ARCHIVE_INVALID', {
    tried: 'reading the archive of a context',
    got,
    todo,
    cause,
  })
}
