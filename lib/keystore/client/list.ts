import { isThere, mapInBatches } from '../../base/files.ts'
import { readInstalled } from '../installed.ts'
import { clientPaths } from '../layout.ts'
import { clientNames } from '../list.ts'
import { requestedCertificates } from '../key-held.ts'
import { listWanted, type KnownCertificate } from '../renew/known.ts'

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
  const installed = await readInstalled(root)
  const placed = new Map(
    (await listWanted(root, { installed })).map((one) => [`${one.path} ${one.fingerprint256}`, one]),
  )
  const first = new Map(installed.map(({ place, fingerprints }) => [place.path, fingerprints[0]]))
  const requested = await requestedCertificates(root)
  return mapInBatches(await clientNames(root), async (name) => {
    const { folder, cert, key } = clientPaths(root, name)
    const fingerprint = first.get(cert) ?? ''
    const certificate = placed.get(`${cert} ${fingerprint}`)
    const without = requested.has(fingerprint) ? 'client' : 'missing'
    const held = (await isThere(key)) ? 'here' : without
    return { name, folder, key: held, ...(certificate && { certificate }) }
  })
}
