import { createCipheriv, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { integer, nothing, octetString, oid, sequence, type Asn1 } from './der.ts'

/**
 * OWASP's recommendation for PBKDF2 with HMAC-SHA-256: about a quarter of a second. `KeyObject.export({ cipher })` always
 * uses 2,048 rounds.
 */
export const ROUNDS = 600_000

/** The encrypted data, and an AlgorithmIdentifier for the encryption. */
export interface Encrypted {
  readonly algorithm: Asn1
  readonly data: Buffer
}

/** Encrypts with PBES2: AES-256-CBC, and PBKDF2 with HMAC-SHA-256 (RFC 8018 section 6.2 and appendix A.4). */
export async function encrypt(plain: Uint8Array, passphrase: string | Uint8Array): Promise<Encrypted> {
  const salt = randomBytes(16)
  const iv = randomBytes(16)
  const secret = await promisify(pbkdf2)(passphrase, salt, ROUNDS, 32, 'sha256')
  const cipher = createCipheriv('aes-256-cbc', secret, iv)
  const hmacWithSha256 = sequence(oid('1.2.840.113549.2.9'), nothing())
  const derivation = sequence(
    oid('1.2.840.113549.1.5.12'), // PBKDF2
    sequence(octetString(salt), integer(ROUNDS), hmacWithSha256),
  )
  const encryption = sequence(oid('2.16.840.1.101.3.4.1.42'), octetString(iv)) // AES-256-CBC
  return {
    algorithm: sequence(oid('1.2.840.113549.1.5.13'), sequence(derivation, encryption)),
    data: Buffer.concat([cipher.update(plain), cipher.final()]),
  }
}
