import type { X509Certificate } from 'node:crypto'
import { PkiError } from '../base/errors.ts'
import { ours, sentence } from '../base/sentence.ts'
import { publicKeyOf } from '../identity/certificate.ts'
import { keyFingerprint } from '../pki/key-type.ts'
import type { RequestFacts } from '../pki/read-request.ts'
import { keysInFolder } from './certificate-keys.ts'
import { caPaths } from './layout.ts'
import { readRevocations } from './ledger.ts'
import { firstLines, type LedgerRevocation } from './ledger-revocation.ts'
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
  const found = (await revocationsByKey(root, await readRevocations(caPaths(root).ledger))).get(keyFingerprint256)
  if (found === undefined) return
  throw new PkiError('ERR_CLIENT_REVOKED', {
    tried: `signing the key ${keyFingerprint256} for the client ${name}`,
    got: `a certificate with this key was revoked: ${revokedText(found)}`,
    todo: sentence`On the client's machine, create a new key and a request for it:  ${ours('client', 'request', name, '--force')}  Then sign that request.`,
  })
}

/**
 * Returns a function that says whether the key of a certificate may be signed again: it finds the revocation of this certificate, or of
 * another one with its key.
 *
 * @throws {@link PkiError} ERR_LEDGER_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function revocationFinder(root: string): Promise<(cert: X509Certificate) => LedgerRevocation | undefined> {
  const all = await readRevocations(caPaths(root).ledger)
  const certificates = firstLines(all, ({ fingerprint256 }) => fingerprint256)
  const keys = await revocationsByKey(root, all)
  return (cert) => certificates.get(cert.fingerprint256) ?? keys.get(keyFingerprint(publicKeyOf(cert)))
}

/**
 * Finds such a revocation in the ledger alone. That is enough for one that was noted since {@link revocationFinder} was called: its line has
 * its key, if the folder has its certificate.
 *
 * @throws {@link PkiError} ERR_LEDGER_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function notedRevocation(
  root: string,
  certificate: X509Certificate,
): Promise<LedgerRevocation | undefined> {
  const own = keyFingerprint(publicKeyOf(certificate))
  const all = await readRevocations(caPaths(root).ledger)
  return all.find((one) => one.fingerprint256 === certificate.fingerprint256 || one.key === own)
}

async function revocationsByKey(
  root: string,
  revocations: readonly LedgerRevocation[],
): Promise<ReadonlyMap<string, LedgerRevocation>> {
  // Reading all certificates takes long, and hardly any line lacks its key.
  const keys = revocations.every(({ key }) => key !== undefined) ? undefined : await keysInFolder(root)
  const keyOf = ({ key, fingerprint256 }: LedgerRevocation): string => key ?? keys?.get(fingerprint256) ?? ''
  return firstLines(
    revocations.filter((one) => keyOf(one) !== ''),
    keyOf,
  )
}
