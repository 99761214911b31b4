import { constants, promises as fs } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { makeFolder, KEY_MODE, readIfThere } from '../../base/files.ts'
import { enumerate, escapeText } from '../../base/text.ts'
import type { Environment } from '../../endpoint/environment.ts'
import { homeFolder } from '../../endpoint/folders.ts'
import { certificatesIn, oneLine } from '../../identity/certificate.ts'
import type { Context } from '../command.ts'
import { confirm } from '../terminal/confirm.ts'
import { canAsk } from '../terminal/prompt.ts'
import { accounts, entriesOf, refuseUntrusted, trustedUsers, untrusted, untrustedReason, type Found } from './found.ts'

/** A CA, or the key of a client. */
export interface Mark {
  /** `the CA CN=x (SHA-256 AB:CD...)`. */
  readonly what: string
  readonly fingerprint256: string
}

/**
 * Uses a folder that is found by itself only if nobody else could have written it, and if this user has used its CAs before, or
 * agrees to use them: a cloned repository belongs to the user, and may contain somebody else's CA.
 *
 * @param marks - whose the folder is. By default, all CAs in it
 * @throws {@link FileError} ERR_FOUND_UNTRUSTED
 * @throws {@link Declined} if the answer is no
 */
export async function useFound(found: Found, context: Context, marks?: readonly Mark[]): Promise<void> {
  const { io } = context
  await refuseUntrusted(found, io.env)
  const all = marks ?? (await casOf(found))
  const known = await knownIn(io.env)
  const unknown = all.filter(({ fingerprint256 }) => !known.has(fingerprint256))
  if (unknown.length === 0) return
  const names = enumerate(unknown.map(({ what }) => what))
  if (!canAsk(io)) throw untrusted(found, `you have never used ${names}`)
  await confirm(
    escapeText(
      `The folder ${resolve(found.path)} has ${names}, which you have never used. Use it, now and in other folders?`,
    ),
    {},
    context,
  )
  await remember(unknown, io.env)
}

/** Could nobody else have written this folder of a CA, and has this user used its CAs before? It doesn't ask. */
export async function isOwnFolder(path: string, env: Environment): Promise<boolean> {
  const found = { path, names: ['ca'] }
  if ((await untrustedReason(found, env)) !== undefined) return false
  const [marks, known] = [await casOf(found), await knownIn(env)]
  return marks.length > 0 && marks.every(({ fingerprint256 }) => known.has(fingerprint256))
}

/** The CAs in all `ca.pem` of a folder, also in `CA.PEM`, which some systems open as well. What is no PEM isn't used either. */
export async function casOf({ path, names }: Pick<Found, 'path' | 'names'>): Promise<Mark[]> {
  const texts = new Set<string | undefined>()
  for await (const { path: at, stats } of entriesOf(path, names)) {
    if (basename(at).toLowerCase() === 'ca.pem' && stats.isFile())
      texts.add(await readIfThere(at).catch(() => undefined))
  }
  const byFingerprint = new Map(
    [...texts].flatMap((text) => marksIn(text ?? '')).map((one) => [one.fingerprint256, one]),
  )
  return [...byFingerprint.values()]
}

/** Also those that nobody should trust: a command may use another certificate of the file. */
function marksIn(pem: string): Mark[] {
  try {
    return certificatesIn(pem).map(({ subject, fingerprint256 }) => ({
      what: `the CA ${oneLine(subject)} (SHA-256 ${fingerprint256})`,
      fingerprint256,
    }))
  } catch {
    return []
  }
}

/** Notes what this user uses, at the first place that is theirs. It is no failure if there is none. */
export async function remember(marks: readonly Mark[], env: Environment): Promise<void> {
  const known = await knownIn(env)
  const added = marks.map((one) => one.fingerprint256).filter((one) => !known.has(one))
  if (added.length === 0) return
  for (const one of added) known.add(one)
  for (const path of await ownFiles(env)) {
    try {
      await makeFolder(dirname(path))
      if ((await untrustedReason({ path }, env)) !== undefined) continue
      return await append(path, added.map((one) => `${one}\n`).join(''))
    } catch {
      // The next place may be writable.
    }
  }
}

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants

async function append(path: string, text: string): Promise<void> {
  const file = await fs.open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, KEY_MODE)
  try {
    await file.writeFile(text)
  } finally {
    await file.close()
  }
}

const knownBy = new WeakMap<Environment, Promise<Set<string>>>()

/** Read once for a command. */
function knownIn(env: Environment): Promise<Set<string>> {
  const known = knownBy.get(env) ?? readKnown(env)
  knownBy.set(env, known)
  return known
}

async function readKnown(env: Environment): Promise<Set<string>> {
  const known = new Set<string>()
  for (const path of [...(await ownFiles(env)), ...(await filesOfCaller(env))]) {
    if ((await untrustedReason({ path }, env)) !== undefined) continue
    const text = (await readIfThere(path).catch(() => undefined)) ?? ''
    for (const line of text.split('\n')) known.add(line)
  }
  return known
}

const FILE = join('docker-mtls', 'known')

/**
 * Where known CAs are noted: in the home folder, if it is the user's own, else in a temporary folder. In a container the home
 * folder may be missing, and with sudo it may be another user's.
 */
async function ownFiles(env: Environment): Promise<string[]> {
  const user = process.getuid?.()
  const temporary = join(tmpdir(), `docker-mtls-${user ?? 'user'}`, 'known')
  const state = env['XDG_STATE_HOME'] ?? ''
  try {
    const home = isAbsolute(state) ? state : homeFolder(env)
    const { uid } = await fs.stat(home)
    const isOwn = user === undefined || uid === user
    return isOwn ? [join(isAbsolute(state) ? home : join(home, '.local/state'), FILE), temporary] : [temporary]
  } catch {
    // The home folder is missing, or the user has no account.
    return [temporary]
  }
}

/** The file of the user who called sudo. */
async function filesOfCaller(env: Environment): Promise<string[]> {
  const [, caller] = trustedUsers(env) ?? []
  if (caller === undefined) return []
  return (await accounts()).filter(({ uid }) => uid === caller).map(({ home }) => join(home, '.local/state', FILE))
}
