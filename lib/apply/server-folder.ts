import { join } from 'node:path'
import { PkiError } from '../base/errors.ts'
import { isFolder, isThere, readIfThere } from '../base/files.ts'
import { option, sentence } from '../base/sentence.ts'
import { enumerate } from '../base/text.ts'

/** The names of the server's files. */
export const SERVER_FILES = ['ca.pem', 'server-cert.pem', 'server-key.pem'] as const

/** Where `init` writes the server's folder; a copy of that folder; and the current folder, if it is that folder. */
export const USUAL_SERVER_FOLDERS = [join('docker-mtls', 'server'), 'server', '.']

/**
 * Finds the folder with the server's files: the named one, or one of the usual places. The folder that `init` created is
 * accepted, too.
 *
 * @returns undefined if none is named, and none is in the usual places
 * @throws {@link PkiError} ERR_PKI_FILE_INVALID if there is no folder of that name
 */
export async function findServerFolder(named: string | undefined): Promise<string | undefined> {
  if (named !== undefined) return withServer(named)
  for (const folder of USUAL_SERVER_FOLDERS) if (await hasServerFiles(folder)) return folder
  return undefined
}

/** The drop-in that `init` rendered beside the server's files. */
export async function readOverrideOfInit(folder: string): Promise<string | undefined> {
  return readIfThere(join(folder, 'override.conf'))
}

async function withServer(folder: string): Promise<string> {
  const inner = join(folder, 'server')
  if (await hasServerFiles(folder)) return folder
  if (await hasServerFiles(inner)) return inner
  const isAFolder = await isFolder(folder).catch(() => false)
  throw new PkiError('ERR_PKI_FILE_INVALID', {
    tried: "looking for the server's files",
    got: isAFolder ? `${folder} has none of ${enumerate(SERVER_FILES)}` : `there is no folder ${folder}`,
    todo: sentence`Name the server/ folder that init created, or a copy of it:  ${option('from', 'docker-mtls/server')}`,
  })
}

/** Does the folder have any of them? It opens none, since a stranger's could be a FIFO. */
async function hasServerFiles(folder: string): Promise<boolean> {
  const found = await Promise.all(SERVER_FILES.map((name) => isThere(join(folder, name))))
  return found.includes(true)
}
