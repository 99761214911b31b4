import { promises as fs } from 'node:fs'
import { resolve } from 'node:path'
import { command, ours, sentence } from '../base/sentence.ts'
import { enumerate, onlyOnes } from '../base/text.ts'
import { PkiError } from '../base/errors.ts'
import { parseClientName } from '../pki/client-name.ts'
import {
  clientPaths,
  clientsFolder,
  grantsFolder,
  hostsFolder,
  isHostName,
  issuerPaths,
  issuersFolder,
  serverPaths,
  type LeafPaths,
} from './layout.ts'
import { elsewhereFault, isKeyElsewhere } from './key-held.ts'
import { readSettled, settleSwap } from './swap.ts'
import { isFolder, readIfThere } from '../base/files.ts'

/** The three files that a client needs, as PEM. */
export interface ClientFiles {
  /** `ca.pem`. */
  readonly ca: string
  /** `cert.pem`. */
  readonly cert: string
  /** `key.pem`, the private key. */
  readonly key: string
}

/** A server of the folder, and the paths of its files. */
export interface ServerPlace {
  /** Absent: the one in the folder `server`. */
  readonly host?: string
  readonly paths: LeafPaths
}

/** The places of servers' files: the one of `init`, which may not exist yet, then those that `setup` created. */
export async function serverPlaces(root: string): Promise<ServerPlace[]> {
  const hosts = (await hostNames(root)).map((host) => ({ host, paths: serverPaths(root, host) }))
  return [{ paths: serverPaths(root) }, ...hosts]
}

async function hostNames(root: string): Promise<string[]> {
  const folder = hostsFolder(root)
  if (!(await isFolder(folder))) return []
  return (await fs.readdir(folder)).filter(isHostName).toSorted()
}

/** The clients that have a folder, in alphabetical order. */
export function clientNames(root: string): Promise<string[]> {
  return namesIn(clientsFolder(root))
}

/** The issuers that have a folder, in alphabetical order. */
export function issuerNames(root: string): Promise<string[]> {
  return namesIn(issuersFolder(root))
}

/** The grants that have a folder, in alphabetical order. */
export function grantNames(root: string): Promise<string[]> {
  return namesIn(grantsFolder(root))
}

/** An issuer, and the file of its certificate. */
export interface IssuerFile {
  readonly name: string
  readonly path: string
  readonly pem: string
}

/** The issuers that have a certificate, also while it is being replaced. */
export async function readIssuers(root: string): Promise<IssuerFile[]> {
  const issuers: IssuerFile[] = []
  for (const name of await issuerNames(root)) {
    const paths = issuerPaths(root, name)
    const pem = await readSettled(paths, paths.cert)
    if (pem !== undefined) issuers.push({ name, path: paths.cert, pem })
  }
  return issuers
}

async function namesIn(folder: string): Promise<string[]> {
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
  if (await isKeyElsewhere(root, name)) throw cannotHandOver(root, name)
  if (ca !== undefined && cert !== undefined && key !== undefined) return { ca, cert, key }
  const missing = (['ca', 'cert', 'key'] as const)
    .filter((file) => files[file] === undefined)
    .map((file) => paths[file])
  const issue = ours('cert', 'client', name, '--dir', root)
  if (missing.length < 3) {
    throw new PkiError('ERR_PKI_FILE_INVALID', {
      tried: `reading the files of the client ${name}`,
      got: `${enumerate(missing)} ${missing.length === 1 ? 'is' : 'are'} missing`,
      todo: sentence`Complete the files:  ${issue}`,
    })
  }
  const others = await clientNames(root)
  throw new PkiError('ERR_CLIENT_NOT_FOUND', {
    tried: `reading the files of the client ${name} in ${resolve(clientsFolder(root))}`,
    got: others.length === 0 ? 'there are no clients' : `the ${onlyOnes('client', others)}`,
    todo: sentence`Check the name and the folder. To create this client:  ${issue}`,
  })
}

/** Only its public files can be handed over. */
function cannotHandOver(root: string, name: string): PkiError {
  const { cert, ca } = clientPaths(root, name)
  return new PkiError('ERR_CLIENT_KEY_ELSEWHERE', {
    tried: `reading the files of the client ${name}`,
    got: elsewhereFault(name),
    todo: sentence`Copy only the certificates to that machine, as one file:  ${command('cat', cert, ca)} > ${name}.pem  Then install them there:  ${ours('client', 'install', `${name}.pem`)}`,
  })
}

/** Could it be the folder of a client? */
export function isClientName(name: string): boolean {
  try {
    return parseClientName(name) === name
  } catch {
    return false
  }
}
