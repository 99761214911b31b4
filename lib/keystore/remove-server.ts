import { promises as fs } from 'node:fs'
import { dirname, join } from 'node:path'
import { FileError, isDockerMtlsError, PkiError } from '../base/errors.ts'
import { fileReason, isFolder } from '../base/files.ts'
import { ours, sentence } from '../base/sentence.ts'
import { hostsFolder, oneDayClientFolder, serverPaths, type LeafPaths } from './layout.ts'
import { isOfLeaf } from './leaf-files.ts'
import { findUnlisted } from './ledger-check.ts'
import { listCertificates } from './installed.ts'
import { isOneDayClient, removeOneDayClient } from './one-day-client.ts'

/** The folder of a server that can be removed. */
export interface ServerRemoval {
  readonly root: string
  readonly paths: LeafPaths
  /** The names of the files that docker-mtls created. */
  readonly files: readonly string[]
  /** The names of everything else in it, which stays. */
  readonly foreign: readonly string[]
}

/**
 * Determines which files of a server would be removed. Changes nothing.
 *
 * @param host - the name of one of several servers; absent: the server in the folder `server`
 * @returns undefined if the server has no folder
 * @throws {@link PkiError} ERR_LEDGER_MISMATCH if the ledger doesn't list its certificate, which stays valid
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function planServerRemoval(root: string, host?: string): Promise<ServerRemoval | undefined> {
  const paths = serverPaths(root, host)
  const { folder } = paths
  if (!(await isFolder(folder))) return undefined
  await refuseUnlisted(root, paths)
  const probe = oneDayClientFolder(folder)
  const hasProbe = await isOneDayClient(probe)
  const files: string[] = []
  const foreign: string[] = []
  for (const entry of await fs.readdir(folder, { withFileTypes: true })) {
    const { name } = entry
    const isOurs = isOfLeaf({ name, isFile: entry.isFile() }, 'server') || (hasProbe && join(folder, name) === probe)
    ;(isOurs ? files : foreign).push(name)
  }
  return { root, paths, files: files.toSorted(), foreign: foreign.toSorted() }
}

/**
 * Removes the files of a server, and its folder if nothing else is in it. The ledger keeps its certificates. If it is killed,
 * another run removes the rest.
 *
 * @throws {@link FileError} ERR_FILE_WRITE
 */
export async function removeServer({ root, paths, files }: ServerRemoval): Promise<void> {
  const { folder, key } = paths
  try {
    // The key comes first: it is what must not stay behind.
    await fs.rm(key, { force: true })
    const probe = oneDayClientFolder(folder)
    await removeOneDayClient(probe)
    for (const path of files.map((name) => join(folder, name))) {
      if (path !== probe) await fs.rm(path, { recursive: true, force: true })
    }
  } catch (cause) {
    throw new FileError('ERR_FILE_WRITE', {
      tried: `removing the files in ${folder}`,
      got: fileReason(cause),
      todo: 'Make the folder writable, and run this again.',
      cause,
    })
  }
  // Folders with anything else in them stay.
  await fs.rmdir(folder).catch(() => undefined)
  if (dirname(folder) === hostsFolder(root)) await fs.rmdir(hostsFolder(root)).catch(() => undefined)
}

/** Afterwards, only the ledger knows of the certificate. Without a CA, there is nothing that could list it. */
async function refuseUnlisted(root: string, { cert }: LeafPaths): Promise<void> {
  const listed = await listCertificates(root).catch((error: unknown) => {
    if (!isDockerMtlsError(error, 'ERR_CA_MISSING')) throw error
  })
  const one = listed && (await findUnlisted(root, listed)).find(({ path }) => path === cert)
  if (one === undefined) return
  throw new PkiError('ERR_LEDGER_MISMATCH', {
    tried: `removing the files of the server ${one.name}`,
    got: `the ledger does not list its certificate (serial ${one.serial}), which stays valid`,
    todo: sentence`Nothing was removed. Add it to the ledger first:  ${ours('cert', 'adopt', '--dir', root)}`,
  })
}
