import { Readable } from 'node:stream'
import type { Header, Pack } from 'tar-stream'
import { ahead } from './ahead.ts'
import type { ContextEntry } from './entry.ts'
import { addDockerfile, type AddedFiles, type BuildFiles } from './files.ts'
import { escapePattern, Patterns } from './patterns.ts'
import { isSmall, readEntry, readSmall } from './read-entry.ts'
import { walk } from './walk.ts'

/** A context on its way to the daemon. */
export interface PackedContext {
  readonly body: Readable
  /** What the Dockerfile is called in it. */
  readonly dockerfile: string
}

/**
 * Packs a context into a tar, while it is read: a piece of a file is all that is held. Everything belongs to root, as
 * for the Docker CLI. The Dockerfile and `.dockerignore` are in it even where they are ignored: the daemon reads both,
 * and takes them out before anything is copied.
 */
export async function packContext(files: BuildFiles, signal?: AbortSignal): Promise<PackedContext> {
  const { inside } = files.dockerfile
  const added = inside === undefined ? await addDockerfile(files) : undefined
  const body = Readable.from(tarOf(files, added, signal), { objectMode: false })
  return { body, dockerfile: inside ?? added?.name ?? '' }
}

async function* tarOf(
  files: BuildFiles,
  added: AddedFiles | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer, void, undefined> {
  const { pack } = await import('tar-stream')
  const tar = pack()
  const filling = fill(tar, files, added, signal).catch((error: unknown) => tar.destroy(error as Error))
  try {
    for await (const piece of tar) yield piece as Buffer
  } finally {
    tar.destroy()
    await filling
  }
}

async function fill(
  tar: Pack,
  files: BuildFiles,
  added: AddedFiles | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const patterns = new Patterns([...files.ignored, ...alwaysSent(files)])
  const entries = walk(files.root, [{ patterns, lets: 'unnamed' }], signal)
  for await (const [entry, content] of ahead(entries, AHEAD, (next) => contentOf(files.root, next, signal))) {
    if (added && entry.path === '.dockerignore') continue
    await add(tar, headerOf(entry), content)
  }
  if (added) {
    await add(tar, ownHeader(added.name, added.dockerfile), [added.dockerfile])
    await add(tar, ownHeader('.dockerignore', added.ignoreFile), [added.ignoreFile])
  }
  tar.finalize()
}

/** Small files wait for the system, and not for each other. */
const AHEAD = 16

type Content = AsyncIterable<Buffer> | Iterable<Buffer>

/** A small file is read at once; of another nothing is, before its turn comes. */
function contentOf(root: string, entry: ContextEntry, signal: AbortSignal | undefined): Content {
  if (entry.type !== 'file') return []
  if (!isSmall(entry)) return readEntry(root, entry, signal)
  const whole = readSmall(root, entry, signal)
  // Whoever adds it hears of it.
  whole.catch(() => {})
  return later(whole)
}

async function* later(pieces: Promise<Buffer[]>): AsyncGenerator<Buffer, void, undefined> {
  yield* await pieces
}

function alwaysSent({ dockerfile: { inside } }: BuildFiles): string[] {
  return ['.dockerignore', ...(inside === undefined ? [] : [inside])].map((path) => `!${escapePattern(path)}`)
}

type Headers = Partial<Header> & Pick<Header, 'name'>
type Sink = ReturnType<Pack['entry']>

/** Adds one entry, as fast as the tar is read. */
async function add(tar: Pack, header: Headers, content: Content): Promise<void> {
  const added = new Promise<void>((resolve, reject) => {
    const sink = tar.entry(header, (error) => (error ? reject(error) : resolve()))
    // The callback tells of it.
    sink.on('error', () => {})
    if (header.type === 'file') pour(content, sink).catch((error: unknown) => sink.destroy(error as Error))
  })
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

function headerOf({ path, type, mode, size, mtime, target }: ContextEntry): Headers {
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

const ownHeader = (name: string, { length: size }: Buffer): Headers => ({
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
