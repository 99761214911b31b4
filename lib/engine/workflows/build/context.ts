import type { Readable } from 'node:stream'
import type { Pack } from 'tar-stream'
import { addEntry, packTar, tarMode, tarTime, type TarContent, type TarHeader } from '../../stream/tar.ts'
import type { ContextEntry } from './entry.ts'
import { addDockerfile, type AddedFiles, type BuildFiles } from './files.ts'
import { escapePattern, Patterns } from './ignore-patterns.ts'
import { isSmall, readEntry, readSmall } from './read-entry.ts'
import { walk } from './walk.ts'

/** A context on its way to the daemon. */
export interface PackedContext {
  readonly body: Readable
  /** The name of the Dockerfile in it. */
  readonly dockerfile: string
}

/**
 * Packs a context into a tar while it is read. Only a chunk of a file is in memory. Everything belongs to root, as in
 * the Docker CLI. The tar contains the Dockerfile and `.dockerignore` even if they are ignored: the daemon reads both,
 * and removes them before it copies files.
 */
export async function packContext(files: BuildFiles, signal?: AbortSignal): Promise<PackedContext> {
  const { inside } = files.dockerfile
  const added = inside === undefined ? await addDockerfile(files) : undefined
  const body = packTar((tar) => fill(tar, files, added, signal))
  return { body, dockerfile: inside ?? added?.name ?? '' }
}

async function fill(
  tar: Pack,
  files: BuildFiles,
  added: AddedFiles | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const patterns = new Patterns([...files.ignored, ...alwaysSent(files)])
  const entries = walk(files.root, [{ patterns, keeps: 'others' }], signal)
  for await (const [entry, content] of prefetch(entries, PREFETCHED, (next) => contentOf(files.root, next, signal))) {
    if (added && entry.path === '.dockerignore') continue
    await addEntry(tar, headerOf(entry), content)
  }
  if (added) {
    await addEntry(tar, ownHeader(added.name, added.dockerfile), [added.dockerfile])
    await addEntry(tar, ownHeader('.dockerignore', added.ignoreFile), [added.ignoreFile])
  }
}

/** The number of small files that are read ahead. */
const PREFETCHED = 16

/** The content of an entry. A small file is read immediately, a larger one when its turn comes. */
function contentOf(root: string, entry: ContextEntry, signal: AbortSignal | undefined): TarContent {
  if (entry.type !== 'file') return []
  if (!isSmall(entry)) return readEntry(root, entry, signal)
  const whole = readSmall(root, entry, signal)
  // The error is thrown when the content is added.
  whole.catch(() => {})
  return later(whole)
}

async function* later(chunks: Promise<Buffer[]>): AsyncGenerator<Buffer, void, undefined> {
  yield* await chunks
}

function alwaysSent({ dockerfile: { inside } }: BuildFiles): string[] {
  return ['.dockerignore', ...(inside === undefined ? [] : [inside])].map((path) => `!${escapePattern(path)}`)
}

function headerOf({ path, type, mode, size, mtime, target }: ContextEntry): TarHeader {
  return {
    name: type === 'directory' ? `${path}/` : path,
    type,
    mode: tarMode(mode),
    size,
    ...tarTime(Number(mtime / 1_000_000_000n)),
    ...(type === 'symlink' && { linkname: target }),
  }
}

/** The header of a file that docker-mtls adds. */
function ownHeader(name: string, { length: size }: Buffer): TarHeader {
  return { name, type: 'file', mode: 0o600, size, mtime: new Date() }
}

/**
 * Starts work on items ahead of time, and yields each item with its work in order.
 *
 * @param items - read only as far as work has started
 * @param limit - the largest number of started items
 * @param begin - starts the work on an item. The consumer handles a promise that rejects
 */
async function* prefetch<Item, Work>(
  items: AsyncIterable<Item>,
  limit: number,
  begin: (item: Item) => Work,
): AsyncGenerator<readonly [Item, Work], void, undefined> {
  const begun: (readonly [Item, Work])[] = []
  for await (const item of items) {
    begun.push([item, begin(item)])
    const first = begun.length >= limit ? begun.shift() : undefined
    if (first) yield first
  }
  yield* begun
}
