import { join } from 'node:path'
import { FileError, isDockerMtlsError } from '../base/errors.ts'
import { isIssuedBy, openCertificate, splitPem } from '../identity/certificate.ts'
import { loadIdentity } from '../identity/identity.ts'
import { oneDayClientFolder } from '../keystore/layout.ts'
import type { RequestedApply, ProbeIdentity } from './options.ts'
import { hasServerFiles, loadServerFiles } from './server-files.ts'
import { readIfThere } from '../base/files.ts'

/** What was read of a folder. */
export type Source = Pick<RequestedApply, 'server' | 'override'> & {
  /** Absent: nothing was found where nothing was named. */
  readonly folder?: string
  /** Where nothing was found. */
  readonly lookedIn?: readonly string[]
}

/** An identity, and where it was found. */
export interface Probe {
  readonly folder: string
  readonly identity: ProbeIdentity
}

/** Where `init` leaves the server's part, from where it was run; the part itself, where it was copied; and inside that. */
const USUAL = [join('docker-mtls', 'server'), 'server', '.']

/**
 * Finds the server's files: in the folder that is named, or where they usually are. The folder that `init` made will do,
 * too.
 *
 * @throws {@link PkiError} ERR_PKI_FILE_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function findSource(named: string | undefined): Promise<Source> {
  if (named !== undefined) return loadSource(await withServer(named))
  for (const folder of USUAL) if (await hasServerFiles(folder)) return loadSource(folder)
  return { lookedIn: USUAL }
}

async function withServer(folder: string): Promise<string> {
  const inner = join(folder, 'server')
  return (await hasServerFiles(folder)) || !(await hasServerFiles(inner)) ? folder : inner
}

async function loadSource(folder: string): Promise<Source> {
  const server = await loadServerFiles(folder)
  const override = await readIfThere(join(folder, 'override.conf'))
  return { folder, server, ...(override !== undefined && { override }) }
}

/**
 * Finds the client's certificate that proves that clients get in: in the folder that is named, or where `init --probe` has
 * left it beside the server's files. What is no good there, as one of yesterday or of an authority that was replaced since,
 * is no probe.
 *
 * @throws {@link IdentityError} for what no daemon would accept, where it is named
 */
export async function findProbe(named: string | undefined, source: Source): Promise<Probe | undefined> {
  if (named !== undefined) return { folder: named, identity: await loadProbe(named) }
  if (source.folder === undefined) return undefined
  const folder = oneDayClientFolder(source.folder)
  try {
    const identity = await loadProbe(folder)
    return isOfThem(identity, source) ? { folder, identity } : undefined
  } catch (error) {
    if (isDockerMtlsError(error)) return undefined
    throw error
  }
}

/** The daemon will refuse it otherwise, and that would prove nothing but that it does. */
function isOfThem({ cert }: ProbeIdentity, { server }: Source): boolean {
  const authorities = splitPem(server?.ca ?? '').map((pem) => openCertificate(pem))
  return isIssuedBy(openCertificate(cert), authorities)
}

async function loadProbe(folder: string): Promise<ProbeIdentity> {
  await loadIdentity(folder)
  const [ca, cert, key] = await Promise.all(
    ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readIfThere(join(folder, name))),
  )
  if (ca !== undefined && cert !== undefined && key !== undefined) return { ca, cert, key }
  throw new FileError('ERR_FILE_READ', {
    tried: `reading the probe's identity in ${folder}`,
    got: 'its files are gone again',
    todo: 'Run it again.',
  })
}
