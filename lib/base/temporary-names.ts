import { createHash, randomBytes } from 'node:crypto'
import { promises as fs, readlinkSync, type Dirent } from 'node:fs'
import { hostname, uptime } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { codeOf } from './system-error.ts'

// Files and folders appear under a temporary name beside their own and are then renamed. The name says which process uses
// it, so that the next run can delete what a killed one left behind, and nothing else:  .ca.pem.MACHINE-PID-RANDOM

/** A new temporary name beside a path. */
export function temporaryNameBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${machine()}-${process.pid}-${randomBytes(6).toString('hex')}`)
}

/** A file or folder under a temporary name. */
export interface Temporary {
  /** The name that it was to get. */
  readonly target: string
  /** Absent: an earlier release created it, which didn't write its process into the name. */
  readonly owner?: { readonly machine: string; readonly pid: number }
}

/** Reads a temporary name; undefined if it is another one. */
export function parseTemporaryName(name: string): Temporary | undefined {
  const [, target, tag, pid] = /^\.(.+)\.([0-9a-f]{8})-(\d{1,10})-[0-9a-f]{12}$/.exec(name) ?? []
  if (target !== undefined && tag !== undefined) return { target, owner: { machine: tag, pid: Number(pid) } }
  const [, old] = /^\.(.+)\.[0-9a-f]{12}$/.exec(name) ?? []
  return old === undefined ? undefined : { target: old }
}

/**
 * Deletes the temporary files and folders in a folder whose processes have ended. What can't be deleted stays: it is no
 * reason to fail. What another user has put there stays as well: the names can be guessed, and a recursive deletion in a folder
 * that its owner replaces by a link meanwhile would delete other files.
 *
 * @param isOurs - is that temporary file or folder one that docker-mtls creates here?
 */
export async function removeAbandoned(
  folder: string,
  isOurs: (temporary: Temporary, entry: Dirent) => boolean | Promise<boolean>,
): Promise<void> {
  for (const entry of await fs.readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const temporary = parseTemporaryName(entry.name)
    if (temporary === undefined || !(entry.isFile() || entry.isDirectory() || entry.isSymbolicLink())) continue
    const path = join(folder, entry.name)
    if (!(await isAbandoned(path, temporary)) || !(await isOurs(temporary, entry)) || !(await isOfThisUser(path)))
      continue
    await fs.rm(path, { recursive: entry.isDirectory(), force: true }).catch(() => undefined)
  }
}

/** Windows has no such numbers. */
async function isOfThisUser(path: string): Promise<boolean> {
  const user = process.geteuid?.()
  return user === undefined || (await fs.lstat(path).catch(() => undefined))?.uid === user
}

/** Deletes what killed processes left behind while they wrote this file, or this folder. */
export function removeAbandonedBeside(path: string, kind: 'file' | 'folder'): Promise<void> {
  const name = basename(path)
  return removeAbandoned(
    dirname(path),
    ({ target, owner }, entry) => owner !== undefined && target === name && entry.isDirectory() === (kind === 'folder'),
  )
}

/**
 * Creates a folder under a temporary name, which is in use as long as this process runs, and deletes those of processes of this machine
 * that have ended.
 */
export async function makeTemporaryFolder(path: string): Promise<string> {
  const isOurs = ({ target, owner }: Temporary, entry: Dirent): boolean =>
    target === basename(path) && owner?.machine === machine() && entry.isDirectory()
  await removeAbandoned(dirname(path), isOurs)
  const folder = temporaryNameBeside(path)
  await fs.mkdir(folder, { mode: 0o700 })
  return folder
}

/** Nobody writes for that long. It decides only for another machine, whose processes are unknown here. */
const LONGEST_MS = 24 * 3_600_000

/** Has the process ended that created it? */
export async function isAbandoned(path: string, { owner }: Temporary): Promise<boolean> {
  // This release uses no such names, and an earlier one only for some milliseconds.
  if (owner === undefined) return true
  if (owner.machine === machine()) return hasEnded(owner.pid, path)
  return (await changedAt(path)) < Date.now() - LONGEST_MS
}

/**
 * Has the process that created a file ended? Another process may have its ID since: then the file is older than the start of
 * the machine, or of this process.
 */
export async function hasEnded(pid: number, path: string): Promise<boolean> {
  if (!isAlive(pid)) return true
  const seconds = pid === process.pid ? process.uptime() : uptime()
  return (await changedAt(path)) < Date.now() - seconds * 1000
}

/** When its contents or its name changed last; a file that is gone is no reason for anything. */
function changedAt(path: string): Promise<number> {
  return fs.lstat(path).then(
    ({ ctimeMs }) => ctimeMs,
    () => Infinity,
  )
}

/** kill(2) with signal 0 only checks. EPERM means that the process exists and belongs to another user. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

let tag: string | undefined

/** Where process IDs mean the same: this machine, and on Linux this container. */
function machine(): string {
  tag ??= createHash('sha256').update(`${hostname()}\n${pidNamespace()}`).digest('hex').slice(0, 8)
  return tag
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}
