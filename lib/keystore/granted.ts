import { randomBytes } from 'node:crypto'
import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import { FileError, PkiError } from '../base/errors.ts'
import { fileReason, flushFolder, KEY_MODE, PUBLIC_MODE, readIfThere } from '../base/files.ts'
import { publishFolder } from '../base/replace-files.ts'
import { readCertificate, type CertificateFacts } from '../identity/certificate.ts'
import type { Authority } from '../pki/ca.ts'
import { parseClientName } from '../pki/client-name.ts'
import { issueClient } from '../pki/issue.ts'
import { GRANTED_NAME } from './granted-name.ts'
import { caPaths, grantPaths, type LeafPaths } from './layout.ts'
import { isOfLeaf } from './leaf-files.ts'
import { settleFolder } from './leftovers.ts'
import { appendToLedger, readLedger } from './ledger.ts'
import { ledgerEntry } from './ledger-line.ts'
import { clientNames, grantNames } from './list.ts'
import { revocationsByFingerprint } from './revoked.ts'

const SUFFIX = /-grant-[0-9a-f]{8}$/
/** So that common names, and the names of rules, have at most 64 characters. */
const LONGEST_NAME = 49

/** The files of a grant, and its certificate. */
export interface Granted {
  /** The name of the grant. */
  readonly name: string
  readonly paths: LeafPaths
  /** Absent: the file is missing or damaged. */
  readonly facts?: CertificateFacts
}

/** A certificate of a grant, which may have no files any more. */
export interface IssuedGranted {
  readonly commonName: string
  readonly fingerprint256: string
  readonly validTo: Date
  readonly isRevoked: boolean
}

/** A grant that has files. */
export interface ListedGranted extends Granted {
  readonly isRevoked: boolean
}

/**
 * Checks the name of a grant, which becomes a folder.
 *
 * @throws {@link PkiError} ERR_NAME_INVALID
 */
export function parseGrantName(name: string): string {
  parseClientName(name)
  if (name.length <= LONGEST_NAME) return name
  throw new PkiError('ERR_NAME_INVALID', {
    tried: `reading the name of a grant, ${name}`,
    got: `it has ${name.length} characters; that of a grant has at most ${LONGEST_NAME}`,
    todo: 'Use a shorter name.',
  })
}

/**
 * Issues a client certificate for a grant, and writes its files. The ledger lists it before. Until `allow` has ended, the files have a
 * temporary name: what a killed run leaves is deleted by the next one.
 *
 * @param allow - writes the rule for the certificate
 * @throws {@link PkiError} ERR_CA_EXPIRED if the CA ends before it
 * @throws {@link FileError} ERR_FILE_EXISTS if there is such a grant, ERR_FILE_WRITE
 */
export async function issueGranted(
  root: string,
  authority: Authority,
  { name, until }: { readonly name: string; readonly until: Date },
  allow?: (facts: CertificateFacts) => Promise<void>,
): Promise<Required<Granted>> {
  await settleFolder(root)
  const commonName = `${name}-grant-${randomBytes(4).toString('hex')}`
  const { ca, cert, key, facts, cutToAuthority } = await issueClient(authority, { name: commonName, until })
  if (cutToAuthority) throw endsBefore(authority, until)
  await appendToLedger(caPaths(root).ledger, ledgerEntry('client', facts))
  const paths = grantPaths(root, name)
  const files = [
    { path: paths.ca, data: ca, mode: PUBLIC_MODE },
    { path: paths.key, data: key, mode: KEY_MODE },
    { path: paths.cert, data: cert, mode: PUBLIC_MODE },
  ]
  await publishFolder(paths.folder, files, async () => allow?.(facts))
  return { name, paths, facts }
}

/** The grants that have files, by their names. */
export async function listGranted(root: string): Promise<ListedGranted[]> {
  const names = await grantNames(root)
  const revocations = await revocationsByFingerprint(root)
  return Promise.all(
    names.map(async (name) => {
      const granted = await readGranted(root, name)
      return { ...granted, isRevoked: revocations.has(granted.facts?.fingerprint256 ?? '') }
    }),
  )
}

/** The files of a grant, whether there are any or not. `name` must be checked. */
export async function readGranted(root: string, name: string): Promise<Granted> {
  const paths = grantPaths(root, name)
  const cert = await readIfThere(paths.cert)
  try {
    return { name, paths, ...(cert !== undefined && { facts: readCertificate(cert, paths.cert) }) }
  } catch {
    return { name, paths }
  }
}

/**
 * The certificates that were ever issued for grants of a name, by the ledger, and whether they are revoked. The oldest comes first. A
 * client that got such a name before those were refused is no grant.
 */
export async function listIssuedGranted(root: string, name: string): Promise<IssuedGranted[]> {
  const clients = new Set(await clientNames(root))
  const entries = (await readLedger(caPaths(root).ledger)).filter(
    (entry) =>
      entry.kind === 'client' &&
      GRANTED_NAME.test(entry.name) &&
      entry.name.replace(SUFFIX, '') === name &&
      !clients.has(entry.name),
  )
  const revocations = await revocationsByFingerprint(root)
  return entries.map(({ name: commonName, fingerprint256, notAfter }) => ({
    commonName,
    fingerprint256,
    validTo: new Date(notAfter),
    isRevoked: revocations.has(fingerprint256),
  }))
}

/** Those of {@link listIssuedGranted} that are accepted now: neither revoked nor expired. */
export async function listValidGranted(root: string, name: string): Promise<IssuedGranted[]> {
  const issued = await listIssuedGranted(root, name)
  return issued.filter(({ isRevoked, validTo }) => !isRevoked && validTo.getTime() > Date.now())
}

/**
 * Deletes the files of a grant, if there are any. Files that docker-mtls didn't create stay.
 *
 * @throws {@link FileError} ERR_FILE_WRITE
 */
export async function removeGranted({ paths: { folder } }: Granted): Promise<void> {
  try {
    const entries = await fs.readdir(folder, { withFileTypes: true })
    const own = entries.filter((entry) => isOfLeaf({ name: entry.name, isFile: entry.isFile() }, 'client'))
    // The key first: without it, nobody can use the rest.
    const keysFirst = own.toSorted((one, other) => Number(other.name === 'key.pem') - Number(one.name === 'key.pem'))
    for (const { name } of keysFirst) await fs.rm(join(folder, name), { recursive: true, force: true })
    await flushFolder(folder)
    if (own.length === entries.length) await fs.rmdir(folder)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return
    throw new FileError('ERR_FILE_WRITE', {
      tried: `deleting the files of a grant in ${folder}`,
      got: fileReason(cause),
      todo: 'Delete that folder: it contains the key of the grant.',
      cause,
    })
  }
}

function endsBefore({ facts }: Authority, until: Date): PkiError {
  return new PkiError('ERR_CA_EXPIRED', {
    tried: `issuing a certificate until ${until.toISOString()}`,
    got: `the CA expires on ${facts.validTo.toISOString()}, before the grant ends`,
    todo: 'Grant less time, or replace the CA first.',
  })
}
