import { promises as fs } from 'node:fs'
import { dirname, join } from 'node:path'
import { codeOf } from './system-error.ts'

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

/** Who may replace an entry of a folder: the owner of the folder, its group, or everyone. */
export type Writer = 'owner' | 'group' | 'everyone'

/**
 * Who besides root and the given users may replace what is in a folder: its owner, its group, or everyone. With the sticky
 * bit only the owners of the folder and of the entry may: {@link replacerOf} also looks at the entry. An access control list
 * counts as the group, since the mode shows its mask there (acl(5)).
 */
export function otherWriter({ mode, uid }: FolderOwnership, users: readonly number[] = []): Writer | undefined {
  if (uid !== ROOT && !users.includes(uid)) return 'owner'
  return (mode & STICKY) === 0 ? createsIn(mode) : undefined
}

/** Who may create entries in a folder, which the sticky bit doesn't limit. */
function createsIn(mode: number): Writer | undefined {
  if ((mode & WORLD_WRITABLE) !== 0) return 'everyone'
  return (mode & GROUP_WRITABLE) === 0 ? undefined : 'group'
}

/** A folder or a link that a path leads through. */
export interface PathStep extends FolderOwnership {
  readonly path: string
  readonly gid: number
}

/** Whom this process trusts besides root, with everything that they can write. */
export interface Trusted {
  readonly users: readonly number[]
  /** Groups without other members: many systems let them write to every new file of their user (pam_umask(8), usergroups). */
  readonly groups?: readonly number[]
}

/**
 * The first folder or link on the way to a path, or the path itself, where somebody who isn't trusted could put something else.
 *
 * @param path - absolute, of a folder
 * @param isExclusive - may nobody else create entries in the folder? The sticky bit doesn't prevent that
 */
export async function openStepTo(
  path: string,
  trusted: Trusted,
  isExclusive = false,
): Promise<(PathStep & { readonly writer: Writer }) | undefined> {
  let last: PathStep | undefined
  for await (const step of stepsTo(path)) {
    const writer = otherWriter(withoutOwnGroup(step, trusted), trusted.users)
    if (writer !== undefined) return { ...step, writer }
    last = step
  }
  const writer = isExclusive && last ? writerOf(last, trusted) : undefined
  return last && writer && { ...last, writer }
}

/** Who else may write to a file, or create something in a folder, which the sticky bit doesn't prevent. */
export function writerOf(found: Omit<PathStep, 'path'>, trusted: Trusted): Writer | undefined {
  const { mode, uid } = withoutOwnGroup(found, trusted)
  return otherWriter({ mode: mode & ~STICKY, uid }, trusted.users)
}

function withoutOwnGroup({ mode, uid, gid }: Omit<PathStep, 'path'>, { groups = [] }: Trusted): FolderOwnership {
  return { mode: groups.includes(gid) ? mode & ~GROUP_WRITABLE : mode, uid }
}

/** Somebody who can put something else in the place of a path. */
export interface Replacer {
  /** The folder in which they can do so; for an entry of their own in a folder with the sticky bit, that entry. */
  readonly path: string
  readonly writer: Writer
}

/**
 * Finds out who besides root could put something else, such as a link, in the place of a path, or create what is missing there.
 * Owner and mode of what is there don't matter, unless the folder above has the sticky bit: then its owner may rename it.
 *
 * @param path - absolute
 */
export async function replacerOf(path: string): Promise<Replacer | undefined> {
  const { steps, missing } = await existingSteps(path)
  const entry = missing === undefined ? steps.at(-1) : undefined
  for (const step of steps) {
    const writer = step === entry ? undefined : otherWriter(step)
    if (writer !== undefined) return { path: step.path, writer }
  }
  const above = dirname(missing ?? entry?.path ?? path)
  const creator = createsIn(steps.find((step) => step.path === above)?.mode ?? 0)
  if (creator === undefined || entry?.uid === ROOT) return undefined
  return entry ? { path: entry.path, writer: 'owner' } : { path: above, writer: creator }
}

/** The steps up to the first that is missing. */
async function existingSteps(path: string): Promise<{ steps: PathStep[]; missing?: string }> {
  const steps: PathStep[] = []
  try {
    for await (const step of stepsTo(path)) steps.push(step)
    return { steps }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    return { steps, missing: (error as NodeJS.ErrnoException).path ?? path }
  }
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
