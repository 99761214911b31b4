import type { KeyObject } from 'node:crypto'
import { PkiError } from '../base/errors.ts'
import { formatPem } from '../identity/certificate.ts'
import { encode, octetString, sequence } from './der.ts'
import { encrypt } from './pbes2.ts'
import { checkBytes } from '../base/options.ts'

/** The passphrase that encrypts the key of a CA: text, or bytes that the caller can wipe. */
export type Passphrase = string | Uint8Array

/** In bytes: OpenSSL can't read a longer passphrase (PEM_BUFSIZE), so the key would be lost. */
export const MAX_PASSPHRASE = 1024

/** Refuses a passphrase that is empty or too long to be used again. */
export function checkPassphrase(passphrase: Passphrase): void {
  checkBytes(passphrase, 'the passphrase of the CA key')
  const length = Buffer.byteLength(passphrase)
  if (length > 0 && length <= MAX_PASSPHRASE) return
  throw new PkiError('ERR_CA_PASSPHRASE', {
    tried: 'encrypting the CA key',
    got:
      length === 0
        ? 'the passphrase is empty'
        : `the passphrase has ${length} bytes; OpenSSL accepts at most ${MAX_PASSPHRASE}`,
    todo: `Use a passphrase of 1 to ${MAX_PASSPHRASE} bytes, or none to leave the key unencrypted.`,
  })
}

/** A private key as PKCS#8 PEM, encrypted with AES-256 (PBES2, RFC 8018 section 6.2) if there is a passphrase. */
export async function exportPrivateKey(key: KeyObject, passphrase?: Passphrase): Promise<string> {
  if (passphrase === undefined) return key.export({ type: 'pkcs8', format: 'pem' }).toString()
  checkPassphrase(passphrase)
  const { algorithm, data } = await encrypt(key.export({ type: 'pkcs8', format: 'der' }), passphrase)
  // EncryptedPrivateKeyInfo (RFC 5958 section 3).
  return formatPem('ENCRYPTED PRIVATE KEY', encode(sequence(algorithm, octetString(data))))
}
