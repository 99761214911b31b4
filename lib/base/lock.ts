import { promises as fs } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { FileError, isDockerMtlsError } from './errors.ts'
import { codeOf } from './system-error.ts'
import { KEY_MODE, writeError, writeFileAtomically } from './files.ts'
import { hasEnded, temporaryNameBeside } from './temporary-names.ts'

/** A change takes some milliseconds, and longer on a slow disk. */
const WAIT_MS = 10_000
const RETRY_MS = 20

/**
 * Runs `work` while it holds a lock file. Without a lock, two processes that change a context at the same time could leave
 * the metadata of one without TLS credentials. The lock file contains the process ID, so that the lock of a killed process
 * can be removed.
 *
 * @param what - the locked thing, for the message
 * @throws {@link FileError} ERR_FILE_WRITE if another process holds the lock too long
 */
export async function withLock<T>(path: string, work: () => Promise<T>, what = 'that context'): Promise<T> {
  const release = await holdLock(path, what, WAIT_MS)
  try {
    return await work()
  } finally {
    await release()
  }
}

/**
 * Takes a lock for longer than one call.
 *
 * @param what - the locked thing, for the message
 * @param wait - for another process, in milliseconds
 * @returns what releases it
 * @throws {@link FileError} ERR_FILE_WRITE if another process holds the lock
 */
export async function holdLock(path: string, what: string, wait: number): Promise<() => Promise<void>> {
  await acquire(path, what, wait)
  const own = await whichOf(path)
  return async () => {
    // Another container, which doesn't see this process, may have taken it over: its process may even have the same number.
    const isOwn = own === undefined ? (await ownerOf(path)) === String(process.pid) : (await whichOf(path)) === own
    if (!isOwn || own === GONE) return
    // If it can't be removed, the lock is stale as soon as this process exits.
    await fs.rm(path, { force: true }).catch(() => undefined)
  }
}

const GONE = 'gone'

/**
 * Identifies a file. A new file can get the inode number of a deleted one.
 *
 * @returns undefined if the file can't be looked at
 */
async function whichOf(path: string): Promise<string | undefined> {
  return fs.lstat(path).then(
    ({ dev, ino, mtimeMs }) => `${dev} ${ino} ${mtimeMs}`,
    (error: unknown) => (codeOf(error) === 'ENOENT' ? GONE : undefined),
  )
}

async function acquire(path: string, what: string, wait: number): Promise<void> {
  for (const start = Date.now(); ; await delay(RETRY_MS)) {
    // To look first is cheaper than to write in vain, which flushes the disk.
    const owner = await ownerOf(path)
    if (owner === undefined && (await create(path))) return
    if (owner !== undefined && (await hasEnded(Number(owner), path))) await removeStale(path, owner)
    else if (Date.now() - start > wait) throw stillHeld(path, owner, what)
  }
}

/** The process ID in a lock; undefined if there is none. */
async function ownerOf(path: string): Promise<string | undefined> {
  return fs.readlink(path).catch(() => fs.readFile(path, 'utf8').catch(() => undefined))
}

/** @returns false if another process was faster */
async function create(path: string): Promise<boolean> {
  try {
    await writeFileAtomically(path, String(process.pid), { mode: KEY_MODE, replace: false })
    return true
  } catch (error) {
    if (isDockerMtlsError(error, 'ERR_FILE_EXISTS')) return false
    if (!FULL.has(codeOf(Object(error).cause) ?? '')) throw error
    return createWithoutSpace(path)
  }
}

/** The disk, or the share of this user, has no space left. */
const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT'])

/** On a full disk, a short symbolic link still fits, since file systems keep its target beside its name. */
async function createWithoutSpace(path: string): Promise<boolean> {
  try {
    await fs.symlink(String(process.pid), path)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw writeError(path, error)
  }
}

/** Removes the lock of a process that has ended, if there is one. */
export async function removeStaleLock(path: string): Promise<void> {
  const owner = await ownerOf(path)
  if (owner !== undefined && (await hasEnded(Number(owner), path)))
    await removeStale(path, owner).catch(() => undefined)
}

/** Renames the lock and then reads it again, because another process may have replaced it in the meantime. */
async function removeStale(path: string, owner: string): Promise<void> {
  const aside = temporaryNameBeside(path)
  try {
    await fs.rename(path, aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  try {
    // It is another process's lock, so put it back. link(2) fails if a third process has created one already.
    if ((await ownerOf(aside)) !== owner) await fs.link(aside, path).catch(() => undefined)
  } finally {
    await fs.rm(aside, { force: true })
  }
}

const HELD = new WeakSet<FileError>()

/** Does an error say that another process holds a lock? Its remedy names the file of the lock. */
export function isLockHeld(error: unknown): error is FileError {
  return error instanceof FileError && HELD.has(error)
}

function stillHeld(path: string, owner: string | undefined, what: string): FileError {
  const error = new FileError('ERR_FILE_WRITE', {
    tried: `writing ${path}`,
    got: `process ${owner ?? '(unknown)'} is changing ${what}`,
    todo: `Wait until that process has ended. If it is not docker-mtls, remove its lock, ${path}.`,
  })
  HELD.add(error)
  return error
}
