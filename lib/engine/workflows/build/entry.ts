import { isUtf8 } from 'node:buffer'
import type { BigIntStats } from 'node:fs'
import { lstat, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { isGone, noUtf8, unreadable, unsendable } from './faults.ts'

/** An entry of a build context, as it is sent. */
export interface ContextEntry {
  /** The path from the root of the context, with `/`. */
  readonly path: string
  readonly type: 'file' | 'directory' | 'symlink' | 'fifo'
  /** The permissions, with setuid, setgid and sticky. */
  readonly mode: number
  /** In bytes; 0 for anything but a file. */
  readonly size: number
  /** The modification time, in nanoseconds since 1970. */
  readonly mtime: bigint
  /** The target of a symlink, unresolved; else empty. */
  readonly target: string
  /** The file's device and inode. */
  readonly identity: string
}

/** Undefined for a file that was deleted meanwhile, as in Docker, and for a socket, which can't be sent. */
export async function entryAt(root: string, path: string): Promise<ContextEntry | undefined> {
  const stats = await lstat(join(root, path), { bigint: true }).catch((cause: unknown) => {
    if (isGone(cause)) return undefined
    throw unreadable(path, cause)
  })
  if (stats === undefined || stats.isSocket()) return undefined
  const type = typeOf(stats)
  if (type === undefined) throw unsendable(path)
  const target = type === 'symlink' ? await targetOf(root, path) : ''
  return {
    path,
    type,
    mode: modeOf(stats),
    size: type === 'file' ? Number(stats.size) : 0,
    mtime: stats.mtimeNs,
    target,
    identity: identityOf(stats),
  }
}

function typeOf(stats: BigIntStats): ContextEntry['type'] | undefined {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'directory'
  if (stats.isSymbolicLink()) return 'symlink'
  return stats.isFIFO() ? 'fifo' : undefined
}

/** Windows has no permissions: everything sent from there is readable and executable, as in Docker. */
function modeOf(stats: BigIntStats): number {
  const mode = Number(stats.mode) & 0o7777
  return process.platform === 'win32' ? (mode | 0o111) & 0o755 : mode
}

async function targetOf(root: string, path: string): Promise<string> {
  const target = await readlink(join(root, path), 'buffer').catch((cause: unknown) => {
    throw unreadable(path, cause)
  })
  if (!isUtf8(target)) throw noUtf8(path)
  return process.platform === 'win32' ? target.toString('utf8').replaceAll('\\', '/') : target.toString('utf8')
}

/** Identifies a file, so that a later open can check that it is the same one. */
export function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`
}
