import { randomBytes } from 'node:crypto'
import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import { isDockerMtlsError } from '../errors.ts'
import { KEY_MODE, PUBLIC_MODE, makeFolder, writeFileAtomically } from '../files.ts'
import { loadIdentity } from '../identity/identity.ts'
import { issueClient, type IssuedCertificate, type Passphrase, type PkiFolder } from '../pki/index.ts'
import { authorityPaths, probeFolder, serverPaths } from '../pki/folder-layout.ts'
import { appendToLedger, ledgerEntry } from '../pki/ledger.ts'
import { isOfPresentAuthority } from './present-authority.ts'

/** What the client is called that is made for the proof of one apply. */
export const PROBE_NAME: RegExp = /^probe-[0-9a-f]{8}$/
/** A day, and the hour that certificates are dated back. */
const LONGEST_MS = 2 * 86_400_000
/** With less left it might end before it has proven anything. */
const LEAST_LEFT_MS = 3_600_000

/**
 * Issues a client's certificate of a day, to prove that clients get in. It is in the ledger, and in memory only.
 *
 * @throws {@link PkiError} as {@link PkiFolder.openAuthority} does
 * @throws {@link FileError} ERR_FILE_WRITE
 */
export async function issueProbe(folder: PkiFolder, passphrase?: Passphrase): Promise<IssuedCertificate> {
  const authority = await folder.openAuthority(passphrase)
  const issued = await issueClient(authority, { name: `probe-${randomBytes(4).toString('hex')}`, days: 1 })
  await appendToLedger(authorityPaths(folder.path).ledger, ledgerEntry('client', issued.facts))
  return issued
}

/** Puts a probe beside the server's files, where there is none that will do. */
export async function ensureProbe(folder: PkiFolder, passphrase?: Passphrase): Promise<'kept' | 'created'> {
  const path = probeFolder(serverPaths(folder.path).folder)
  if (await hasProbe(folder.path)) return 'kept'
  const { ca, cert, key } = await issueProbe(folder, passphrase)
  await makeFolder(path)
  await writeFileAtomically(join(path, 'ca.pem'), ca, { mode: PUBLIC_MODE })
  await writeFileAtomically(join(path, 'key.pem'), key, { mode: KEY_MODE })
  await writeFileAtomically(join(path, 'cert.pem'), cert, { mode: PUBLIC_MODE })
  return 'created'
}

/** Is there a probe beside the server's files that will do? */
export async function hasProbe(root: string): Promise<boolean> {
  const path = probeFolder(serverPaths(root).folder)
  try {
    const { client } = await loadIdentity(path)
    if (client.validTo.getTime() - Date.now() < LEAST_LEFT_MS) return false
    return await isOfPresentAuthority(root, await fs.readFile(join(path, 'cert.pem'), 'utf8'))
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return false
  }
}

/**
 * Deletes the identity of a proof: it was made for that, and no client's key is to stay on a server.
 *
 * @returns false where it is no such identity, but somebody's own; that stays
 */
export async function removeProbe(folder: string): Promise<boolean> {
  const { client } = await loadIdentity(folder)
  const life = client.validTo.getTime() - client.validFrom.getTime()
  if (!PROBE_NAME.test(client.commonName ?? '') || life > LONGEST_MS) return false
  for (const name of ['key.pem', 'cert.pem', 'ca.pem']) await fs.rm(join(folder, name), { force: true })
  await fs.rmdir(folder).catch(() => undefined)
  return true
}
