import { randomBytes } from 'node:crypto'
import { promises as fs } from 'node:fs'
import { isDockerMtlsError } from '../base/errors.ts'
import { KEY_MODE, PUBLIC_MODE } from '../base/files.ts'
import { readCertificate, type CertificateFacts } from '../identity/certificate.ts'
import { loadIdentity } from '../identity/identity.ts'
import { issueClient, type IssuedCertificate } from '../pki/issue.ts'
import type { Passphrase } from '../pki/encrypted-key.ts'
import { DAY_MS } from '../base/expiry.ts'
import type { PkiFolder } from './folder.ts'
import { caPaths, clientFilesIn, oneDayClientFolder, serverPaths, type LeafPaths } from './layout.ts'
import { appendToLedger } from './ledger.ts'
import { ledgerEntry } from './ledger-line.ts'
import { isFromCurrentCa } from './rotate/cas.ts'
import { settleSwap, swapFiles } from './swap.ts'

/** The common name of a one-day client certificate. */
export const ONE_DAY_CLIENT_NAME: RegExp = /^probe-[0-9a-f]{8}$/
/** A day, and the hour by which certificates are backdated, with some room. */
const LONGEST_MS = 2 * DAY_MS
/** With less left, it might expire before the test. */
const LEAST_LEFT_MS = 3_600_000

/**
 * Issues a one-day client certificate to test access with. The ledger lists it; its files are only in memory.
 *
 * @throws {@link PkiError} as {@link PkiFolder.openAuthority} does
 * @throws {@link FileError} ERR_FILE_WRITE
 */
export async function issueOneDayClient(folder: PkiFolder, passphrase?: Passphrase): Promise<IssuedCertificate> {
  const authority = await folder.openAuthority(passphrase)
  const issued = await issueClient(authority, { name: `probe-${randomBytes(4).toString('hex')}`, days: 1 })
  await appendToLedger(caPaths(folder.path).ledger, ledgerEntry('client', issued.facts))
  return issued
}

/**
 * Creates a one-day client certificate beside the server's files, unless there is a usable one. An older one is deleted; the
 * files of any other client are kept beside the new ones.
 *
 * @throws {@link PkiError} as {@link PkiFolder.openAuthority} does
 * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE, ERR_FILE_EXISTS
 */
export async function ensureOneDayClient(folder: PkiFolder, passphrase?: Passphrase): Promise<'kept' | 'created'> {
  const paths = oneDayClientPaths(folder.path)
  await settleSwap(paths)
  if (await hasOneDayClient(folder.path)) return 'kept'
  const { ca, cert, key } = await issueOneDayClient(folder, passphrase)
  if (await isOneDayClient(paths.folder)) await removeOneDayClient(paths.folder)
  await swapFiles(paths, [
    { path: paths.ca, data: ca, mode: PUBLIC_MODE },
    { path: paths.key, data: key, mode: KEY_MODE },
    { path: paths.cert, data: cert, mode: PUBLIC_MODE },
  ])
  return 'created'
}

/** Is there a usable one-day client certificate beside the server's files? */
export async function hasOneDayClient(root: string): Promise<boolean> {
  const { folder, cert } = oneDayClientPaths(root)
  try {
    const { client } = await loadIdentity(folder)
    if (client.validTo.getTime() - Date.now() < LEAST_LEFT_MS) return false
    return await isFromCurrentCa(root, await fs.readFile(cert, 'utf8'))
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return false
  }
}

function oneDayClientPaths(root: string): LeafPaths {
  return clientFilesIn(oneDayClientFolder(serverPaths(root).folder))
}

/** The result of a deletion. `foreign`: it isn't a one-day client certificate, and stays. `stuck`: it can't be deleted. */
export type OneDayClientEnd = 'removed' | 'foreign' | 'stuck'

/** Deletes a one-day client certificate after the test: a client's key doesn't belong on a server. */
export async function removeOneDayClient(folder: string): Promise<OneDayClientEnd> {
  if ((await oneDayClientIn(folder)) === undefined) return 'foreign'
  const { key, cert, ca } = clientFilesIn(folder)
  try {
    for (const path of [key, cert, ca]) await fs.rm(path, { force: true })
  } catch {
    return 'stuck'
  }
  await fs.rmdir(folder).catch(() => undefined)
  return 'removed'
}

/** Deletes a one-day client certificate that has expired without a test. */
export async function removeExpiredOneDayClient(folder: string): Promise<void> {
  const probe = await oneDayClientIn(folder)
  if (probe !== undefined && probe.validTo.getTime() < Date.now()) await removeOneDayClient(folder)
}

/** Does the folder contain a one-day client certificate? Any other one belongs to somebody. */
export async function isOneDayClient(folder: string): Promise<boolean> {
  return (await oneDayClientIn(folder)) !== undefined
}

/** The one-day client certificate in a folder, usable or not, recognized by its name and lifetime. */
async function oneDayClientIn(folder: string): Promise<CertificateFacts | undefined> {
  try {
    const facts = readCertificate(await fs.readFile(clientFilesIn(folder).cert, 'utf8'))
    const life = facts.validTo.getTime() - facts.validFrom.getTime()
    return ONE_DAY_CLIENT_NAME.test(facts.commonName ?? '') && life <= LONGEST_MS ? facts : undefined
  } catch {
    // A missing or unreadable file isn't ours.
    return undefined
  }
}
