import { join } from 'node:path'
import { FileError, isDockerMtlsError } from '../base/errors.ts'
import { isIssuedBy, openCertificate, splitPem } from '../identity/certificate.ts'
import { loadIdentity } from '../identity/identity.ts'
import { oneDayClientFolder } from '../keystore/layout.ts'
import type { RequestedApply, ProbeIdentity } from './options.ts'
import { loadServerFiles } from './server-files.ts'
import { findServerFolder, readOverrideOfInit, USUAL_SERVER_FOLDERS } from './server-folder.ts'
import { readIfThere } from '../base/files.ts'

/** The server's files in a folder. */
export type Source = Pick<RequestedApply, 'server' | 'override'> & {
  /** Absent if no folder was named and none was found. */
  readonly folder?: string
  /** The folders in which they were not found. */
  readonly lookedIn?: readonly string[]
}

/** A client certificate, and its folder. */
export interface Probe {
  readonly folder: string
  readonly identity: ProbeIdentity
}

/**
 * Finds the server's files in the named folder, or in the usual places. The folder that `init` created is accepted, too.
 *
 * @throws {@link PkiError} ERR_PKI_FILE_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function findSource(named: string | undefined): Promise<Source> {
  const folder = await findServerFolder(named)
  if (folder === undefined) return { lookedIn: USUAL_SERVER_FOLDERS }
  const server = await loadServerFiles(folder)
  const override = await readOverrideOfInit(folder)
  return { folder, server, ...(override !== undefined && { override }) }
}

/**
 * Finds the one-day client certificate for the verification: in the named folder, or where `init --probe` has written it
 * beside the server's files. There, an unusable one is ignored: an expired one, or one of a replaced CA.
 *
 * @throws {@link IdentityError} if the named folder has one that no daemon would accept
 */
export async function findProbe(named: string | undefined, source: Source): Promise<Probe | undefined> {
  if (named !== undefined) return { folder: named, identity: await loadProbe(named) }
  if (source.folder === undefined) return undefined
  const folder = oneDayClientFolder(source.folder)
  try {
    const identity = await loadProbe(folder)
    return isOfSameCa(identity, source) ? { folder, identity } : undefined
  } catch (error) {
    if (isDockerMtlsError(error)) return undefined
    throw error
  }
}

/** A certificate of another CA would be refused, which proves nothing. */
function isOfSameCa({ cert }: ProbeIdentity, { server }: Source): boolean {
  const cas = splitPem(server?.ca ?? '').map((pem) => openCertificate(pem))
  return isIssuedBy(openCertificate(cert), cas)
}

async function loadProbe(folder: string): Promise<ProbeIdentity> {
  await loadIdentity(folder)
  const [ca, cert, key] = await Promise.all(
    ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readIfThere(join(folder, name))),
  )
  if (ca !== undefined && cert !== undefined && key !== undefined) return { ca, cert, key }
  throw new FileError('ERR_FILE_READ', {
    tried: `reading the one-day client certificate in ${folder}`,
    got: 'its files have just been removed',
    todo: 'Run this again.',
  })
}
