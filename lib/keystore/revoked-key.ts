import { promises as fs } from 'node:fs'
import { basename, join } from 'node:path'
import { PkiError } from '../base/errors.ts'
import { readIfThere } from '../base/files.ts'
import { ours, sentence } from '../base/sentence.ts'
import { openCertificate } from '../identity/certificate.ts'
import { keyFingerprint } from '../pki/key-type.ts'
import type { RequestFacts } from '../pki/read-request.ts'
import { caPaths, clientPaths } from './layout.ts'
import { readRevocations } from './ledger.ts'
import { clientNames } from './list.ts'
import { revokedText } from './revoked.ts'

/**
 * The public keys of the clients' certificates in the folder, also of replaced ones: the SHA-256 of each key by that of its
 * certificate.
 */
export async function keysOfClients(root: string): Promise<ReadonlyMap<string, string>> {
  const keys = new Map<string, string>()
  for (const path of await certificatePaths(root)) {
    try {
      const { fingerprint256, publicKey } = openCertificate((await readIfThere(path)) ?? '')
      keys.set(fingerprint256, keyFingerprint(publicKey))
    } catch {
      // What can't be read is reported when its client gets a certificate.
    }
  }
  return keys
}

async function certificatePaths(root: string): Promise<string[]> {
  const paths: string[] = []
  for (const { folder, cert } of (await clientNames(root)).map((name) => clientPaths(root, name))) {
    const names = await fs.readdir(folder).catch(() => [])
    const own = names.filter((name) => name === basename(cert) || name.startsWith(`${basename(cert)}.`))
    paths.push(...own.map((name) => join(folder, name)))
  }
  return paths
}

/**
 * Refuses a request for the key of a revoked certificate, under any name and with `force`, too: whoever has stolen the key would get
 * in again.
 *
 * @throws {@link PkiError} ERR_CLIENT_REVOKED, ERR_LEDGER_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function refuseRevokedKey(root: string, { name, keyFingerprint256 }: RequestFacts): Promise<void> {
  const revocations = await readRevocations(caPaths(root).ledger)
  if (revocations.length === 0) return
  const keys = await keysOfClients(root)
  const found = revocations.findLast((one) => (one.key ?? keys.get(one.fingerprint256)) === keyFingerprint256)
  if (found === undefined) return
  throw new PkiError('ERR_CLIENT_REVOKED', {
    tried: `signing the key ${keyFingerprint256} for the client ${name}`,
    got: `a certificate with this key was revoked: ${revokedText(found)}`,
    todo: sentence`On the client's machine, create a new key and a request for it:  ${ours('client', 'request', name, '--force')}  Then sign that request.`,
  })
}
