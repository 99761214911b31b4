import { ArgumentError } from '../../../base/errors.ts'
import { isAsyncIterable } from '../../../transport/given-streams.ts'
import { shown } from '../../description.ts'
import { openInput } from '../../stream/input.ts'
import type { CopyEntry } from './options.ts'
import type { TarItem } from './item.ts'

/** Turns a caller's entries into items of a tar. */
export function itemsOf(entries: readonly CopyEntry[]): TarItem[] {
  if (Array.isArray(entries)) return entries.map((entry: CopyEntry) => itemOf(entry))
  throw mistake(
    `the source ${shown(entries)}`,
    'it is neither a local path, nor bytes, nor an array',
    isAsyncIterable(entries)
      ? "For a file of known size, pass [{ path: 'a.txt', content: stream, size }]; for a tar, call containers.archive.put()."
      : "Pass the bytes of a file, or [{ path: 'a.txt', content: 'A' }].",
  )
}

function itemOf(entry: CopyEntry): TarItem {
  const { path, mtime = new Date(), uid = 0, gid = 0, linkTarget } = entry
  checkPath(path)
  const all = { name: path, mtime, uid, gid, size: 0 }
  if (linkTarget !== undefined) return { ...all, type: 'symlink', mode: 0o777, linkname: linkTarget }
  if (path.endsWith('/')) return { ...all, type: 'directory', mode: entry.mode ?? 0o755 }
  return { ...all, type: 'file', mode: entry.mode ?? 0o644, ...contentOf(entry) }
}

function contentOf({ path, content = '', size }: CopyEntry): Pick<TarItem, 'size' | 'content'> {
  if (typeof content === 'string' || content instanceof Uint8Array) {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    return { size: bytes.length, content: () => [bytes] }
  }
  if (isAsyncIterable(content) && Number.isSafeInteger(size) && Number(size) >= 0) {
    const input = openInput(content, `the content of ${shown(path)} of containers.copyTo()`)
    return { size: Number(size), content: () => input as AsyncIterable<Uint8Array> }
  }
  const todo = 'Pass a string, bytes, or a stream of bytes together with { size }.'
  throw mistake(`the content of ${shown(path)}`, 'it is not a string, bytes, or a stream with a size', todo)
}

function checkPath(path: unknown): asserts path is string {
  const good = typeof path === 'string' && /^[^/\0][^\0]*$/.test(path) && !path.split('/').includes('..')
  if (good) return
  throw mistake(
    `the path ${shown(path)}`,
    'it is empty, absolute, or contains ".."',
    "Pass a relative path, such as 'etc/app.conf'.",
  )
}

function mistake(what: string, got: string, todo: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', { tried: `${what} of containers.copyTo()`, got, todo })
}
