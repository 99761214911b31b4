import { readIfThere } from '../../base/files.ts'
import { openCertificate } from '../../identity/certificate.ts'
import { clientPaths } from '../layout.ts'
import { clientNames } from '../list.ts'
import { isKeyElsewhere } from '../key-held.ts'
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
  const known = await listKnown(root)
  const names = await clientNames(root)
  return Promise.all(
    names.map(async (name) => {
      const { folder, cert, key } = clientPaths(root, name)
      const fingerprint = fingerprintIn(await readIfThere(cert))
      const certificate = known.find((one) => one.path === cert && one.fingerprint256 === fingerprint)
      const held = (await readIfThere(key)) === undefined ? await whereIsKey(root, name) : 'here'
      return { name, folder, key: held, ...(certificate && { certificate }) } as const
    }),
  )
}

async function whereIsKey(root: string, name: string): Promise<'client' | 'missing'> {
  return (await isKeyElsewhere(root, name)) ? 'client' : 'missing'
}

function fingerprintIn(pem: string | undefined): string | undefined {
  try {
    return pem === undefined ? undefined : openCertificate(pem).fingerprint256
  } catch {
    return undefined
  }
}
