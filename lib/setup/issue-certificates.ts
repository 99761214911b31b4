import { resolve } from 'node:path'
import { isDockerMtlsError, PkiError } from '../base/errors.ts'
import { command, sentence } from '../base/sentence.ts'
import {
  PkiFolder,
  type ClientFiles,
  type FolderAuthorityResult,
  type FolderLeafResult,
  serverPlaces,
  checkLedger,
} from '../keystore/keystore.ts'
import type { Passphrase } from '../pki/encrypted-key.ts'
import { isDue, readCrl, requireReadableLists } from '../keystore/crl/state.ts'
import { renewLists } from '../keystore/revoke.ts'
import { caPaths, clientPaths } from '../keystore/layout.ts'
import { loadServerFiles, type ServerFiles } from '../apply/server-files.ts'
import type { InspectedHost } from './inspect-hosts.ts'
import type { SetupOptions } from './options.ts'
import { isFolder, isThere, readIfThere } from '../base/files.ts'

/** The certificates for all hosts, issued now or earlier. */
export interface IssuedCertificates {
  readonly authority: FolderAuthorityResult
  readonly client: FolderLeafResult
  /** The three files of the client. Its key stays in this process. */
  readonly identity: ClientFiles
  readonly servers: ReadonlyMap<string, FolderLeafResult>
  /** The revocation lists for gateways, if the folder has any. */
  readonly crl?: string
}

/**
 * Creates the CA and issues the certificates of each host and of the client where they are missing, and keeps valid ones. An
 * invalid server certificate (other names, expired, damaged, of another CA) is issued again, and the old one is kept beside
 * it.
 *
 * @throws {@link PkiError} ERR_CA_MISSING, ERR_CA_INVALID, ERR_CA_EXPIRED, ERR_CA_PASSPHRASE, ERR_LEDGER_MISMATCH,
 *   ERR_CLIENT_KEY_ELSEWHERE, ERR_CRL_INVALID, ERR_PKI_FILE_INVALID
 * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE
 */
export async function issueCertificates(
  hosts: readonly InspectedHost[],
  { dir, client: name, gateway }: SetupOptions,
  passphrase: Passphrase | undefined,
): Promise<IssuedCertificates> {
  const opening = passphrase === undefined ? {} : { passphrase }
  await refuseMissingCa(dir)
  if (await isFolder(caPaths(dir).folder)) await checkLedger(dir)
  if (gateway !== undefined) await requireReadableLists(dir)
  const folder = new PkiFolder(dir)
  const authority = await folder.ensureAuthority(opening)
  const client = await folder.ensureClient(name, opening)
  const identity = await readIdentity(folder, name)
  const servers = new Map<string, FolderLeafResult>()
  for (const { host, folder: hostFolder, names } of hosts) {
    servers.set(host, await folder.ensureServer(names.all, { ...opening, host: hostFolder, force: true }))
  }
  const crl = gateway === undefined ? undefined : await currentLists(dir, passphrase)
  return { authority, client, identity, servers, ...(crl !== undefined && { crl }) }
}

/** The revocation lists, renewed if they are due. Without the key of the CA, those that are valid still count. */
async function currentLists(dir: string, passphrase: Passphrase | undefined): Promise<string | undefined> {
  const state = await readCrl(dir)
  if (state === undefined) return undefined
  await renewLists(dir, passphrase).catch((error: unknown) => {
    if (!isDockerMtlsError(error) || state.faults.length > 0) throw error
  })
  return readIfThere(state.path)
}

/**
 * Would {@link issueCertificates} issue the revocation lists again? That needs the key of the CA.
 *
 * @throws {@link PkiError} ERR_CRL_INVALID, as it would
 */
export async function renewsLists(dir: string): Promise<boolean> {
  await requireReadableLists(dir)
  const state = await readCrl(dir)
  return state !== undefined && isDue(state) && (await isThere(caPaths(dir).key))
}

/** Loads the server files of a host, and checks that they match each other. */
export function serverFilesOf({ servers }: IssuedCertificates, host: string): Promise<ServerFiles> {
  const result = servers.get(host)
  if (result === undefined) throw new TypeError(`no certificate was issued for ${host}`)
  return loadServerFiles(result.paths.folder)
}

async function readIdentity(folder: PkiFolder, name: string): Promise<ClientFiles> {
  try {
    return await folder.readClient(name)
  } catch (cause) {
    if (!isDockerMtlsError(cause, 'ERR_CLIENT_KEY_ELSEWHERE')) throw cause
    throw new PkiError('ERR_CLIENT_KEY_ELSEWHERE', {
      tried: `connecting as the client ${name}`,
      got: 'its key is on its own machine, and was never here',
      todo: sentence`Choose a client whose key is on this machine:  ${command('--client', 'NAME')}`,
      cause,
    })
  }
}

/**
 * Refuses a folder that has certificates but no CA. Setup would create a new CA, and lock out all clients of the missing one.
 */
async function refuseMissingCa(dir: string): Promise<void> {
  const { folder, cert, key } = caPaths(dir)
  if ((await readIfThere(cert)) !== undefined || (await readIfThere(key)) !== undefined) return
  const clients = (await new PkiFolder(dir).clients()).map((name) => clientPaths(dir, name))
  const servers = (await serverPlaces(dir)).map(({ paths }) => paths)
  for (const paths of [...servers, ...clients]) {
    if ((await readIfThere(paths.cert)) === undefined) continue
    throw new PkiError('ERR_CA_MISSING', {
      tried: `using the CA in ${resolve(folder)}`,
      got: `there is none, but ${paths.folder} has certificates that a CA has issued`,
      todo: `Restore ${folder} from a backup.`,
    })
  }
}
