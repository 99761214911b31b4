import { promises as fs } from 'node:fs'
import { basename, join } from 'node:path'
import { mapInBatches, readIfThere } from '../base/files.ts'
import { fingerprintsIn, openCertificate, publicKeyOf } from '../identity/certificate.ts'
import { keyFingerprint } from '../pki/key-type.ts'
import { clientPaths, grantPaths, issuerPaths } from './layout.ts'
import { clientNames, grantNames, issuerNames } from './list.ts'

/**
 * The public keys of all certificates of clients, grants and issuers in the folder, also of replaced ones: the SHA-256 of each key by that
 * of its certificate.
 *
 * @param wanted - the SHA-256 of the certificates that count; absent: all
 */
export async function keysInFolder(root: string, wanted?: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
  const keys = await mapInBatches(await certificatePaths(root), async (path): Promise<[string, string][]> => {
    try {
      const pem = (await readIfThere(path)) ?? ''
      if (wanted && !fingerprintsIn(pem).some((one) => wanted.has(one))) return []
      const certificate = openCertificate(pem)
      return [[certificate.fingerprint256, keyFingerprint(publicKeyOf(certificate))]]
    } catch {
      // What can't be read is reported when its client gets a certificate.
      return []
    }
  })
  return new Map(keys.flat())
}

async function certificatePaths(root: string): Promise<string[]> {
  const all = [
    ...(await clientNames(root)).map((name) => clientPaths(root, name)),
    ...(await grantNames(root)).map((name) => grantPaths(root, name)),
    ...(await issuerNames(root)).map((name) => issuerPaths(root, name)),
  ]
  const paths = await mapInBatches(all, async ({ folder, cert }) => {
    const names = await fs.readdir(folder).catch(() => [])
    const own = names.filter((name) => name === basename(cert) || name.startsWith(`${basename(cert)}.`))
    return own.map((name) => join(folder, name))
  })
  return paths.flat()
}
