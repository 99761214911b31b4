import { promises as fs } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Environment } from '../../endpoint/environment.ts'
import { homeFolder } from '../../endpoint/folders.ts'
import { isThere, readIfThere } from '../../base/files.ts'
import type { NearbyCa } from '../errors.ts'
import { DEFAULT_FOLDER } from '../command-line/options.ts'
import { trustedUsers } from './found.ts'
import { caHomes } from './key-folder.ts'

/**
 * Finds CAs near a folder without one: in the folders above it and above the working directory, up to the home folder or the
 * root, in their `docker-mtls` folders, and in the home of CAs. The nearest comes first.
 */
export async function nearbyCas(folder: string, env: Environment): Promise<NearbyCa[]> {
  const found: NearbyCa[] = []
  const seen = new Set<string>()
  const above = [resolve(folder), process.cwd()].flatMap((start) => foldersAbove(start, homeFolder(env)))
  for (const candidate of [...above.flatMap((one) => [one, join(one, DEFAULT_FOLDER)]), ...caHomes(env)]) {
    const real = await fs.realpath(candidate).catch(() => undefined)
    if (real === undefined || seen.has(real)) continue
    seen.add(real)
    const name = await caNameIn(candidate, env)
    if (name !== undefined) found.push({ folder: candidate, name })
  }
  return found
}

function foldersAbove(start: string, home: string): string[] {
  const parent = dirname(start)
  return start === home || start === parent ? [start] : [start, ...foldersAbove(parent, home)]
}

/** Undefined if the folder has no CA that this user can read and trust. */
async function caNameIn(folder: string, env: Environment): Promise<string | undefined> {
  const [{ caPaths }, { readCertificate }] = await Promise.all([
    import('../../keystore/layout.ts'),
    import('../../identity/certificate.ts'),
  ])
  const { cert, key, ledger } = caPaths(folder)
  try {
    if (!(await isOwn(cert, env)) || !((await isThere(key)) || (await isThere(ledger)))) return undefined
    const { isCa, commonName, subject } = readCertificate((await readIfThere(cert)) ?? '')
    return isCa ? (commonName ?? subject) : undefined
  } catch {
    return undefined
  }
}

/**
 * Does it belong to the user, or to root? Everybody can create `/tmp/docker-mtls`, and whoever signs with a CA of somebody else
 * makes them root on the server.
 */
async function isOwn(path: string, env: Environment): Promise<boolean> {
  const users = trustedUsers(env)
  if (users === undefined) return true
  const { uid } = await fs.stat(path)
  return uid === 0 || users.includes(uid)
}
