import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import { IdentityError, isDockerMtlsError, sentencesOf } from '../base/errors.ts'
import { command, sentence } from '../base/sentence.ts'
import { loadIdentity, type Identity } from '../identity/identity.ts'

/** The contents of the three files. They include a private key, so pass them on and never store them in a long-lived object. */
export interface Credentials {
  readonly ca: Uint8Array
  readonly cert: Uint8Array
  readonly key: Uint8Array
}

/** Checked files, and the identity in them. */
export interface CheckedCredentials {
  readonly credentials: Credentials
  readonly identity: Identity
}

/**
 * Reads and checks the three files of a folder.
 *
 * @throws {@link IdentityError} for files that no daemon would accept, and for an encrypted key
 */
export async function readCredentials(folder: string): Promise<CheckedCredentials> {
  try {
    const identity = await loadIdentity(folder)
    const read = (name: string): Promise<Buffer> => fs.readFile(join(folder, name))
    const [ca, cert, key] = await Promise.all([read('ca.pem'), read('cert.pem'), read('key.pem')])
    // Check again the bytes that will be written: the files may have changed since loadIdentity read them.
    await loadIdentity({ ca, cert, key })
    return { identity, credentials: { ca, cert, key } }
  } catch (error) {
    throw explainEncryptedKey(error)
  }
}

/**
 * Checks credentials that are already in memory.
 *
 * @throws {@link IdentityError} for files that no daemon would accept, and for an encrypted key
 */
export async function checkCredentials(credentials: Credentials): Promise<CheckedCredentials> {
  const { ca, cert, key } = credentials
  try {
    return { credentials, identity: await loadIdentity({ ca, cert, key }) }
  } catch (error) {
    throw explainEncryptedKey(error)
  }
}

/** Replaces the usual remedy, a passphrase: the Docker CLI reads the store too, and can't decrypt keys. */
function explainEncryptedKey(error: unknown): unknown {
  if (!isDockerMtlsError(error, 'ERR_IDENTITY_KEY_ENCRYPTED')) return error
  const todo = sentence`Decrypt the key first:  ${command('openssl', 'pkey', '-in', 'key.pem', '-out', 'key.pem.new')}`
  return new IdentityError('ERR_IDENTITY_KEY_ENCRYPTED', {
    tried: sentencesOf(error).tried,
    got: 'the key is encrypted, and the Docker CLI does not support encrypted keys',
    todo,
    cause: error.cause,
  })
}
