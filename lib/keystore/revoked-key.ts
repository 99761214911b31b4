import { PkiError } from '../base/errors.ts'
import { ours, sentence } from '../base/sentence.ts'
import type { RequestFacts } from '../pki/read-request.ts'
import { keysInFolder } from './certificate-keys.ts'
import { caPaths } from './layout.ts'
import { readRevocations } from './ledger.ts'
import { revokedText } from './revoked.ts'

/**
 * Refuses a request for the key of a revoked certificate, under any name and with `force`, too: whoever has stolen the key would get
 * in again.
 *
 * @throws {@link PkiError} ERR_CLIENT_REVOKED, ERR_LEDGER_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function refuseRevokedKey(
  root: string,
  { name, keyFingerprint256 }: Pick<RequestFacts, 'name' | 'keyFingerprint256'>,
): Promise<void> {
  const revocations = await readRevocations(caPaths(root).ledger)
  // Reading all certificates takes long, and hardly any line lacks its key.
  const keys = revocations.every(({ key }) => key !== undefined) ? undefined : await keysInFolder(root)
  const found = revocations.find((one) => (one.key ?? keys?.get(one.fingerprint256)) === keyFingerprint256)
  if (found === undefined) return
  throw new PkiError('ERR_CLIENT_REVOKED', {
    tried: `signing the key ${keyFingerprint256} for the client ${name}`,
    got: `a certificate with this key was revoked: ${revokedText(found)}`,
    todo: sentence`On the client's machine, create a new key and a request for it:  ${ours('client', 'request', name, '--force')}  Then sign that request.`,
  })
}
