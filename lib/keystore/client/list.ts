import { isThere, readIfThere } from '../../base/files.ts'
import { clientPaths } from '../layout.ts'
import { clientNames } from '../list.ts'
import { firstFingerprint, requestedCertificates } from '../key-held.ts'
import { listKnown, type KnownCertificate } from '../renew/known.ts'

/** A client that has a folder. */
export interface FolderClient {
  readonly name: string
  readonly folder: string
  /** `here`: in the folder. `client`: on its own machine, and never here. `missing`: it should be in the folder. */
  readonly key: 'here' | 'client' | 'missing'
  /** Its certificate. Absent: it has none, or one that can't be read. */
  readonly certificate?: KnownCertificate
}

/**
 * Lists the clients that have a folder, by their names.
 *
 * @throws {@link PkiError} ERR_CA_MISSING, ERR_LEDGER_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function listClients(root: string): Promise<FolderClient[]> {
  const placed = new Map((await listKnown(root)).map((one) => [`${one.path} ${one.fingerprint256}`, one]))
  const requested = await requestedCertificates(root)
  const clients: FolderClient[] = []
  // One file after the other: there may be more than a process may open at once.
  for (const name of await clientNames(root)) {
    const { folder, cert, key } = clientPaths(root, name)
    const fingerprint = firstFingerprint((await readIfThere(cert)) ?? '')
    const certificate = placed.get(`${cert} ${fingerprint}`)
    const without = requested.has(fingerprint) ? 'client' : 'missing'
    const held = (await isThere(key)) ? 'here' : without
    clients.push({ name, folder, key: held, ...(certificate && { certificate }) })
  }
  return clients
}
