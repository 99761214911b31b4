import { promises as fs } from 'node:fs'
import { dirname, join } from 'node:path'

/** inode(7): S_IWGRP, S_IWOTH, S_ISVTX. */
const GROUP_WRITABLE = 0o020
const WORLD_WRITABLE = 0o002
const STICKY = 0o1000
const ROOT = 0

/** What decides who may rename and replace the entries of a folder. */
export interface FolderOwnership {
  readonly mode: number
  readonly uid: number
}

/**
 * Who besides root and the given user may replace what is in a folder: its owner, its group, or everyone. With the sticky
 * bit only the owners of the folder and of the entry may. An access control list counts as the group, since the mode shows
 * its mask there (acl(5)).
 */
export function otherWriter(
  { mode, uid }: FolderOwnership,
  user: number = ROOT,
): 'owner' | 'group' | 'everyone' | undefined {
  if (uid !== ROOT && uid !== user) return 'owner'
  if ((mode & STICKY) !== 0) return undefined
  if ((mode & WORLD_WRITABLE) !== 0) return 'everyone'
  return (mode & GROUP_WRITABLE) === 0 ? undefined : 'group'
}

/** A folder or a link that a path leads through. */
export interface PathStep extends FolderOwnership {
  readonly path: string
  readonly gid: number
}

/** As many links as Linux follows (path_resolution(7)). */
const MOST_LINKS = 40

/**
 * All folders and links that the system passes on the way to a path, from the root on, including the path itself. For a
 * link, that is the link and then the way to its target. Whoever can replace one of them can lead the path elsewhere.
 *
 * @param path - absolute
 */
export async function* stepsTo(path: string): AsyncGenerator<PathStep, void, undefined> {
  let at = '/'
  let links = 0
  yield inspect(at)
  for (const rest = namesIn(path); rest.length > 0;) {
    const next = join(at, rest.shift() ?? '')
    const { isLink, ...step } = await inspect(next)
    yield step
    if (!isLink) {
      at = next
      continue
    }
    if (++links > MOST_LINKS) return
    const target = await fs.readlink(next)
    at = target.startsWith('/') ? '/' : dirname(next)
    rest.unshift(...namesIn(target))
  }
}

function namesIn(path: string): string[] {
  return path.split('/').filter((name) => name !== '')
}

/** Everyone may write to a link by its mode, which has no meaning (symlink(7)): only its owner counts. */
async function inspect(path: string): Promise<PathStep & { readonly isLink: boolean }> {
  const found = await fs.lstat(path)
  const isLink = found.isSymbolicLink()
  return { path, mode: isLink ? 0 : found.mode, uid: found.uid, gid: found.gid, isLink }
}
