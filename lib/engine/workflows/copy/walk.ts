import type { Stats } from 'node:fs'
import { lstat, open, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { READ_NO_FOLLOW } from '../open-flags.ts'
import { sourceFault, unreadable } from './faults.ts'
import type { TarItem } from './item.ts'

/** How to pack local files. */
export interface Walk {
  readonly keepOwner: boolean
  readonly signal: AbortSignal | undefined
}

/**
 * A file, a link, or a folder with its contents, as items below `name`. Sockets are omitted, as by `docker cp`, since a
 * tar can't hold them.
 *
 * @param name - its name in the tar; undefined to pack only the contents of a folder
 * @param stats - the stats of the path, if they are already known
 */
export async function* walkLocal(
  path: string,
  name: string | undefined,
  how: Walk,
  stats?: Stats,
): AsyncGenerator<TarItem, void, undefined> {
  how.signal?.throwIfAborted()
  const found = stats ?? (await reading(path, () => lstat(path)))
  if (found.isDirectory()) {
    if (name !== undefined) yield { ...common(found, how), name: `${name}/`, type: 'directory', size: 0 }
    for (const child of (await reading(path, () => readdir(path))).toSorted()) {
      yield* walkLocal(join(path, child), name === undefined ? child : `${name}/${child}`, how)
    }
  } else if (!found.isSocket()) yield await leaf(path, name ?? '', found, how)
}

async function leaf(path: string, name: string, found: Stats, how: Walk): Promise<TarItem> {
  const all = { ...common(found, how), name }
  if (found.isFile()) return { ...all, type: 'file', size: found.size, content: () => readFile(path, found) }
  if (!found.isSymbolicLink()) throw sourceFault(path, 'it is not a file, folder or symbolic link')
  return { ...all, type: 'symlink', size: 0, linkname: await reading(path, () => readlink(path)) }
}

function common(
  { mode, mtime, uid, gid }: Stats,
  { keepOwner }: Walk,
): Pick<TarItem, 'mode' | 'mtime' | 'uid' | 'gid'> {
  return { mode, mtime, uid: keepOwner ? uid : 0, gid: keepOwner ? gid : 0 }
}

async function reading<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

/** Reads the same file that the walk saw, up to its size: another file in its place may be the target of a link. */
async function* readFile(path: string, seen: Stats): AsyncGenerator<Buffer, void, undefined> {
  const file = await reading(path, () => open(path, READ_NO_FOLLOW))
  try {
    const { ino, dev } = await file.stat()
    if (ino !== seen.ino || dev !== seen.dev) throw sourceFault(path, 'another file has replaced it')
    // One byte more than its size shows whether it grew.
    for await (const chunk of file.createReadStream({ end: seen.size, autoClose: false })) yield chunk as Buffer
  } catch (error) {
    throw error instanceof Error && 'syscall' in error ? unreadable(path, error) : error
  } finally {
    await file.close()
  }
}
