import { promises as fs } from 'node:fs'
import { PkiError } from '../base/errors.ts'
import { openCertificate, splitPem } from '../identity/certificate.ts'
import { parseClientName } from '../pki/client-name.ts'
import {
  caPaths,
  clientPaths,
  clientsFolder,
  commandLine,
  hostsFolder,
  nextCaPaths,
  serverPaths,
  type LeafPaths,
} from './layout.ts'
import { isKeyElsewhere } from './key-held.ts'
import { settleSwap } from './swap.ts'
import { isHostName } from './layout.ts'
import { readLedger, type LedgerEntry } from './ledger.ts'
import { isFolder, readIfThere } from '../base/files.ts'
import { shellLine } from '../base/shell-quote.ts'

/** One line of the ledger, and where its certificate is in use. */
export interface ListedCertificate extends LedgerEntry {
  /** The file that holds it now. Absent: it was replaced, or removed. */
  readonly path?: string
  /** Which of several servers it is for. Absent: the one in the folder `server`, or no server at all. */
  readonly host?: string
}

/** The three files that a client's machine needs, as PEM. */
export interface ClientFiles {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** Everything that was ever issued here, the oldest first. */
export async function listCertificates(root: string): Promise<ListedCertificate[]> {
  const paths = caPaths(root)
  const entries = await readLedger(paths.ledger)
  if (entries.length === 0 && (await readIfThere(paths.cert)) === undefined) {
    throw new PkiError('ERR_CA_MISSING', {
      tried: `listing the certificates in ${root}`,
      got: 'there is no authority in it',
      todo: `Give the folder that init made, or make one:  ${commandLine('cert', 'ca', '--dir', root)}`,
    })
  }
  const inUse = new Map<string, Pick<ListedCertificate, 'path' | 'host'>>()
  const clients = (await clientNames(root)).map((name) => ({ path: clientPaths(root, name).cert }))
  const servers = (await serverPlaces(root)).map(({ host, paths: { cert } }) => ({ path: cert, ...(host && { host }) }))
  for (const place of [{ path: paths.cert }, { path: nextCaPaths(root).cert }, ...servers, ...clients]) {
    for (const fingerprint of await fingerprintsIn(place.path)) inUse.set(fingerprint, place)
  }
  return entries.map((entry) => ({ ...entry, ...inUse.get(entry.fingerprint256) }))
}

/** A server of the folder, and where its files are. */
export interface ServerPlace {
  /** Absent: the one in the folder `server`. */
  readonly host?: string
  readonly paths: LeafPaths
}

/** Where servers' files are, or may be: the one that `init` makes first, then those that `setup` has made. */
export async function serverPlaces(root: string): Promise<ServerPlace[]> {
  const hosts = (await hostNames(root)).map((host) => ({ host, paths: serverPaths(root, host) }))
  return [{ paths: serverPaths(root) }, ...hosts]
}

async function hostNames(root: string): Promise<string[]> {
  const folder = hostsFolder(root)
  if (!(await isFolder(folder))) return []
  return (await fs.readdir(folder)).filter(isHostName).toSorted()
}

/** The clients that have a folder, in the order of the alphabet. */
export async function clientNames(root: string): Promise<string[]> {
  const folder = clientsFolder(root)
  if (!(await isFolder(folder))) return []
  const names = await fs.readdir(folder)
  return names.filter(isClientName).toSorted()
}

/** A client's three files. */
export async function readClient(root: string, name: string): Promise<ClientFiles> {
  const paths = clientPaths(root, parseClientName(name))
  await settleSwap(paths)
  const files = {
    ca: await readIfThere(paths.ca),
    cert: await readIfThere(paths.cert),
    key: await readIfThere(paths.key),
  }
  const { ca, cert, key } = files
  if (await isKeyElsewhere(root, name)) throw keyElsewhere(root, name)
  if (ca !== undefined && cert !== undefined && key !== undefined) return { ca, cert, key }
  const missing = (['ca', 'cert', 'key'] as const)
    .filter((file) => files[file] === undefined)
    .map((file) => paths[file])
  const todo = commandLine('cert', 'client', name, '--dir', root)
  if (missing.length < 3) {
    throw new PkiError('ERR_PKI_FILE_INVALID', {
      tried: `reading the files of the client ${name}`,
      got: `there is no ${missing.join(' and no ')}`,
      todo: `Complete them:  ${todo}`,
    })
  }
  const others = await clientNames(root)
  throw new PkiError('ERR_CLIENT_NOT_FOUND', {
    tried: `reading the files of the client ${name} in ${clientsFolder(root)}`,
    got: others.length === 0 ? 'there are no clients' : `there are only ${others.join(', ')}`,
    todo: `Take one of these, or issue it:  ${todo}`,
  })
}

/** What there is to hand over instead is public. */
function keyElsewhere(root: string, name: string): PkiError {
  const { cert, ca } = clientPaths(root, name)
  return new PkiError('ERR_CLIENT_KEY_ELSEWHERE', {
    tried: `reading the files of the client ${name}`,
    got: 'its key is on its own machine, and was never here',
    todo: `What its machine needs from here are the certificates alone:  ${shellLine('cat', cert, ca)} > ${name}.pem , and there:  ${commandLine('client', 'install', `${name}.pem`)}`,
  })
}

function isClientName(name: string): boolean {
  try {
    return parseClientName(name) === name
  } catch {
    return false
  }
}

/** None where the file is damaged: the list is no place to fail for it. */
async function fingerprintsIn(path: string): Promise<string[]> {
  const pem = await readIfThere(path)
  try {
    return splitPem(pem ?? '').map((text) => openCertificate(text).fingerprint256)
  } catch {
    return []
  }
}
