import { createCipheriv, pbkdf2, randomBytes, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { PkiError } from '../errors.ts'
import { checkBytes } from './options.ts'
import { encode, integer, nothing, octetString, oid, sequence } from './der.ts'

/** What encrypts the authority's key: text, or bytes that the caller can wipe. */
export type Passphrase = string | Uint8Array

/**
 * OWASP's number for PBKDF2 with HMAC-SHA-256: about a quarter of a second. `KeyObject.export({ cipher })` takes 2,048
 * rounds and can't be told otherwise.
 */
const ROUNDS = 600_000

/** OpenSSL reads no passphrase that is longer (PEM_BUFSIZE): the key could never be opened again. */
const MAX_PASSPHRASE = 1024

/** Refuses a passphrase that is none, or that no one could use again. */
export function checkPassphrase(passphrase: Passphrase): void {
  checkBytes(passphrase, "the passphrase of the authority's key")
  const length = Buffer.byteLength(passphrase)
  if (length > 0 && length <= MAX_PASSPHRASE) return
  throw new PkiError('ERR_CA_PASSPHRASE', {
    tried: "encrypting the authority's key",
    got:
      length === 0
        ? 'the passphrase is empty'
        : `the passphrase has ${length} bytes, and OpenSSL reads ${MAX_PASSPHRASE}`,
    todo: 'Give a passphrase of 1 to 1024 bytes, or none to leave the key unencrypted.',
  })
}

/** A private key as PKCS#8 PEM, encrypted with AES-256 (PBES2, RFC 8018 section 6.2) where there is a passphrase. */
export async function exportPrivateKey(key: KeyObject, passphrase?: Passphrase): Promise<string> {
  if (passphrase === undefined) return key.export({ type: 'pkcs8', format: 'pem' }).toString()
  checkPassphrase(passphrase)
  const salt = randomBytes(16)
  const iv = randomBytes(16)
  const secret = await promisify(pbkdf2)(passphrase, salt, ROUNDS, 32, 'sha256')
  const cipher = createCipheriv('aes-256-cbc', secret, iv)
  const plain = key.export({ type: 'pkcs8', format: 'der' })
  return pem(sealed(salt, iv, Buffer.concat([cipher.update(plain), cipher.final()])))
}

/** EncryptedPrivateKeyInfo (RFC 5958 section 3) with PBES2-params (RFC 8018 appendix A.4). */
function sealed(salt: Buffer, iv: Buffer, data: Buffer): Buffer {
  const hmacWithSha256 = sequence(oid('1.2.840.113549.2.9'), nothing())
  const derivation = sequence(
    oid('1.2.840.113549.1.5.12'), // PBKDF2
    sequence(octetString(salt), integer(ROUNDS), hmacWithSha256),
  )
  const encryption = sequence(oid('2.16.840.1.101.3.4.1.42'), octetString(iv)) // AES-256-CBC
  const pbes2 = sequence(oid('1.2.840.113549.1.5.13'), sequence(derivation, encryption))
  return encode(sequence(pbes2, octetString(data)))
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN ENCRYPTED PRIVATE KEY-----', ...lines, '-----END ENCRYPTED PRIVATE KEY-----', ''].join('\n')
}
