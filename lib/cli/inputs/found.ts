import { promises as fs, type Stats } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { FileError } from '../../base/errors.ts'
import { isThere } from '../../base/files.ts'
import { openStepTo, writerOf, type PathStep, type Trusted, type Writer } from '../../base/folder-writers.ts'
import { command, sentence } from '../../base/sentence.ts'
import { systemReason } from '../../base/system-error.ts'
import { printable } from '../../base/text.ts'
import type { Environment } from '../../endpoint/environment.ts'

/** A file or folder that no option and no variable names. */
export interface Found {
  readonly path: string
  /** The option with which the user can name it all the same: `--dir`. */
  readonly option: string
  /** What is used in the folder. @defaultValue all of it */
  readonly names?: readonly string[]
}

/**
 * Refuses what is found by itself if somebody else could have written it, or could replace it: a folder above it, itself, or
 * anything in it belongs to another user or is writable for others; or a link in it leads elsewhere. If it is missing, others
 * must not be able to create it. A folder that an option names is what the user says, and isn't judged.
 *
 * @throws {@link FileError} ERR_FOUND_UNTRUSTED
 */
export async function refuseUntrusted(found: Found, env: Environment): Promise<void> {
  const got = await untrustedReason(found, env)
  if (got !== undefined) throw untrusted(found, got)
}

/** The error for something that is found by itself, and isn't used. */
export function untrusted({ path, option }: Found, got: string): FileError {
  return new FileError('ERR_FOUND_UNTRUSTED', {
    tried: `using ${printable(resolve(path))}, which no option names`,
    got,
    todo: sentence`Use it only if you trust it. Then name it:  ${command(option, path)}`,
  })
}

/** A command looks at several paths, and its environment stays the same. */
const groupsIn = new WeakMap<Environment, Promise<number[]>>()

/** Says who else could have written it, or why that can't be found out. */
export async function untrustedReason(found: Omit<Found, 'option'>, env: Environment): Promise<string | undefined> {
  const users = trustedUsers(env)
  if (users === undefined) return undefined
  const groups = groupsIn.get(env) ?? ownGroups(users)
  groupsIn.set(env, groups)
  try {
    return await faultOf(found, { users, groups: await groups })
  } catch (cause) {
    return `docker-mtls can't check who could have written it: ${systemReason(cause)}`
  }
}

/**
 * Whose files this user trusts besides root's: their own, and with sudo those of the user who called it, who can become root anyway.
 *
 * @returns undefined where files have no such owners
 */
export function trustedUsers({ SUDO_UID = '' }: Environment): number[] | undefined {
  const user = process.getuid?.()
  if (user === undefined) return undefined
  return user === 0 && /^\d+$/.test(SUDO_UID) ? [user, Number(SUDO_UID)] : [user]
}

/**
 * The primary groups of users that nobody else is in. The members that a directory service knows count as others; but it may know
 * users with the same primary group, whom passwd(5) doesn't show.
 */
async function ownGroups(users: readonly number[]): Promise<number[]> {
  const all = await accounts()
  const groups = await rowsOf('/etc/group')
  const isOwn = (name: string): boolean =>
    name === '' || all.some((one) => one.name === name && users.includes(one.uid))
  const membersOf = (gid: number): string[] => [
    ...all.filter((one) => one.gid === gid).map(({ name }) => name),
    ...groups.filter(([, , one]) => Number(one) === gid).flatMap(([, , , members = '']) => members.split(',')),
  ]
  const own = all.filter(({ uid }) => users.includes(uid)).map(({ gid }) => gid)
  return own.filter((gid) => membersOf(gid).every(isOwn))
}

/** The users in passwd(5). */
export async function accounts(): Promise<{ name: string; uid: number; gid: number; home: string }[]> {
  const rows = await rowsOf('/etc/passwd')
  return rows.map(([name = '', , uid, gid, , home = '']) => ({ name, uid: Number(uid), gid: Number(gid), home }))
}

async function rowsOf(path: string): Promise<string[][]> {
  const text = await fs.readFile(path, 'utf8').catch(() => '')
  return text.split('\n').flatMap((line) => (line === '' ? [] : [line.split(':')]))
}

async function faultOf({ path, names }: Omit<Found, 'option'>, trusted: Trusted): Promise<string | undefined> {
  const place = resolve(path)
  if (!(await isThere(place))) {
    const open = await openStepTo(dirname(place), trusted, true)
    return open && describe(open, open.writer)
  }
  const open = await openStepTo(dirname(place), trusted)
  if (open) return describe(open, open.writer)
  for await (const { path: at, stats } of entriesOf(place, names)) {
    if (stats.isSymbolicLink()) {
      // On a full disk, a lock is a link to its process ID, and nobody reads through it.
      if (at === place || !isLock(basename(at)) || !/^\d+$/.test(await fs.readlink(at)))
        return `${printable(at)} is a link, which may lead elsewhere`
      continue
    }
    const writer = writerOf(stats, trusted)
    if (writer !== undefined) return describe({ path: at, uid: stats.uid, mode: stats.mode }, writer)
  }
  return undefined
}

/** `.ledger.lock`, ... */
const isLock = (name: string): boolean => /^\.\w+\.lock/.test(name)

/** inode(7): permissions, S_ISUID, S_ISGID and S_ISVTX. */
const MODE = 0o7777

function describe({ path, uid, mode }: Pick<PathStep, 'path' | 'uid' | 'mode'>, writer: Writer): string {
  const octal = (mode & MODE).toString(8).padStart(4, '0')
  return {
    owner: `the user ${uid} owns ${printable(path)}`,
    group: `other users can write to ${printable(path)}, by its group (mode ${octal})`,
    everyone: `everyone can write to ${printable(path)} (mode ${octal})`,
  }[writer]
}

interface Entry {
  readonly path: string
  readonly stats: Stats
}

/** A file or folder, and everything in it, or only what has one of these names. Links aren't followed. */
export async function* entriesOf(path: string, names?: readonly string[]): AsyncGenerator<Entry, void, undefined> {
  const stats = await fs.lstat(path).catch(() => undefined)
  if (stats === undefined) return
  yield { path, stats }
  if (!stats.isDirectory()) return
  // What root has closed can't be read: that is no stranger's doing.
  for (const name of names ?? (await fs.readdir(path).catch(() => []))) yield* entriesOf(join(path, name))
}
