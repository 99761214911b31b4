import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import { IdentityError, isDockerMtlsError } from '../base/errors.ts'
import { command, sentence } from '../base/sentence.ts'
import { loadIdentity, type Identity } from '../identity/identity.ts'

/** The bytes of the three files. One of them is a private key: they are handed on, and never kept. */
export interface Credentials {
  readonly ca: Uint8Array
  readonly cert: Uint8Array
  readonly key: Uint8Array
}

/** Files that were checked, and as whom they show themselves. */
export interface CheckedCredentials {
  readonly credentials: Credentials
  readonly identity: Identity
}

/**
 * Reads and checks the three files of a folder.
 *
 * @throws {@link IdentityError} for what no daemon would accept, and for an encrypted key
 */
export async function readCredentials(folder: string): Promise<CheckedCredentials> {
  try {
    const identity = await loadIdentity(folder)
    const [ca, cert, key] = await Promise.all(
      ['ca', 'cert', 'key'].map((part) => fs.readFile(join(folder, `${part}.pem`))),
    )
    if (ca === undefined || cert === undefined || key === undefined) throw new RangeError('a part is missing')
    // These very bytes are written: the files could have changed since they were checked.
    await loadIdentity({ ca, cert, key })
    return { identity, credentials: { ca, cert, key } }
  } catch (error) {
    throw forTheCli(error)
  }
}

/**
 * Checks credentials that came as bytes.
 *
 * @throws {@link IdentityError} for what no daemon would accept, and for an encrypted key
 */
export async function checkCredentials(credentials: Credentials): Promise<CheckedCredentials> {
  const { ca, cert, key } = credentials
  try {
    return { credentials, identity: await loadIdentity({ ca, cert, key }) }
  } catch (error) {
    throw forTheCli(error)
  }
}

/** A passphrase would not help: what is in the store is read by the Docker CLI, too. */
function forTheCli(error: unknown): unknown {
  if (!isDockerMtlsError(error, 'ERR_IDENTITY_KEY_ENCRYPTED')) return error
  const { tried, cause } = error
  const todo = sentence`Decrypt the key first:  ${command('openssl', 'pkey', '-in', 'key.pem', '-out', 'key.pem.new')}`
  return new IdentityError('ERR_IDENTITY_KEY_ENCRYPTED', {
    tried,
    got: 'the key is encrypted, and the Docker CLI does not support encrypted keys',
    todo,
    cause,
  })
}
