import { pack } from 'tar-stream'
import { buffer } from 'node:stream/consumers'
import { EndpointError } from '../base/errors.ts'
import { command, sentence, type Sentence } from '../base/sentence.ts'
import { KEY_MODE, PUBLIC_MODE, FOLDER_MODE } from '../base/files.ts'
import type { ArchiveEntry } from './archive-entry.ts'
import type { Credentials } from './credentials.ts'

/** The Docker CLI's limit for imports (docker/cli, cli/context/store, maxAllowedFileSizeToImport). */
export const MAX_ARCHIVE_BYTES: number = 10 * 1024 * 1024

/** The unpacked files of a context's archive. Their contents aren't checked yet. */
export interface ArchivedContext {
  /** The text of `meta.json`. */
  readonly meta: string
  /** The TLS files that the archive contains: none, some or all three. */
  readonly tls: Partial<Credentials>
}

const META = 'meta.json'
const FOLDERS: ReadonlySet<string> = new Set(['tls', 'tls/docker'])
const FILES: ReadonlyMap<string, keyof Credentials> = new Map([
  ['tls/docker/ca.pem', 'ca'],
  ['tls/docker/cert.pem', 'cert'],
  ['tls/docker/key.pem', 'key'],
])

/** Far more than metadata or a chain of certificates needs. */
const MAX_FILE_BYTES = 1_048_576

/**
 * Packs a context as `docker context export` does, with the padding and the end blocks that the CLI omits.
 *
 * @param meta - the text of `meta.json`
 * @returns a tar; with `credentials`, it contains the private key
 */
export async function packContext(meta: string, credentials: Credentials | undefined): Promise<Buffer> {
  const tar = pack()
  // As in the CLI: a fixed time, so that the same context always gives the same archive.
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
 * Unpacks a context's archive, tar or zip, in memory. It checks every entry, and refuses entries that the Docker CLI never
 * writes.
 *
 * @throws {@link EndpointError} ERR_CONTEXT_ARCHIVE_INVALID
 */
export async function unpackContext(bytes: Buffer): Promise<ArchivedContext> {
  const format = formatOf(bytes)
  const found = await readAll(bytes, format).catch((cause: unknown) => {
    throw cause instanceof EndpointError
      ? cause
      : invalidArchive(`it is not a complete ${format} file`, undefined, cause)
  })
  const meta = found.get(META)
  if (meta === undefined) throw invalidArchive(`it has no ${META}`)
  const tls = [...FILES].flatMap(([name, part]) => {
    const content = found.get(name)
    return content === undefined ? [] : [[part, content] as const]
  })
  return { meta: meta.toString('utf8'), tls: Object.fromEntries(tls) }
}

/** Recognizes the format. A zip begins with a local file header or, if empty, with its end record (APPNOTE.TXT 4.3). */
function formatOf(bytes: Buffer): 'zip' | 'tar' {
  if (bytes.length === 0) throw invalidArchive('it is empty')
  if (bytes.length > MAX_ARCHIVE_BYTES) throw invalidArchive(`it is larger than ${MAX_ARCHIVE_BYTES} bytes`)
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    throw invalidArchive('it is compressed with gzip', sentence`Decompress it first:  ${command('gunzip', 'FILE')}`)
  return bytes.subarray(0, 2).toString('latin1') === 'PK' ? 'zip' : 'tar'
}

async function readAll(bytes: Buffer, format: 'zip' | 'tar'): Promise<Map<string, Buffer>> {
  const { readEntries } = format === 'zip' ? await import('./zip.ts') : await import('./tar.ts')
  const found = new Map<string, Buffer>()
  for await (const entry of readEntries(bytes)) {
    const name = checkEntry(entry)
    if (found.has(name)) throw invalidArchive(`it contains ${quoted(name)} twice`)
    found.set(name, entry.kind === 'file' ? await entry.read() : Buffer.alloc(0))
  }
  return found
}

/** Returns the name of the entry. Any name that a context doesn't have is refused, since the archive may be an attack. */
function checkEntry({ name, kind, size }: ArchiveEntry): string {
  if (kind === 'other') throw invalidArchive(`${quoted(name)} in it is neither a file nor a folder`)
  const plain = kind === 'folder' ? name.replace(/\/$/, '') : name
  const isKnown = kind === 'folder' ? FOLDERS.has(plain) : plain === META || FILES.has(plain)
  if (!isKnown) throw invalidArchive(`${quoted(name)} in it does not belong to a context`)
  if (size > MAX_FILE_BYTES) throw invalidArchive(`${quoted(name)} in it is larger than ${MAX_FILE_BYTES} bytes`)
  return plain
}

/** Shortens the name, which may be as long as the archive. */
function quoted(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}...` : name)
}

/** The error for an archive that can't be imported. */
export function invalidArchive(
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
