import { codeOf } from '../base/system-error.ts'
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { IdentityError } from '../base/errors.ts'
import { readPrivateKeys } from './contents.ts'
import type { Source } from './credentials.ts'

/** A private key that could be read. */
export interface OpenedKey {
  readonly key: KeyObject
  readonly wasEncrypted: boolean
}

/** Reads the private key, and decrypts it where it is encrypted: PKCS#8, or the older form with a `Proc-Type` header. */
export function openKey(source: Source, passphrase: string | Uint8Array | undefined): OpenedKey {
  const [block, ...others] = readPrivateKeys(source)
  if (block === undefined || others.length > 0) {
    throw keyInvalid(source.name, `it holds ${others.length + 1} private keys`, 'Leave the one of cert.pem in it.')
  }
  const wasEncrypted = block.label === 'ENCRYPTED PRIVATE KEY' || block.text.includes('\nProc-Type: 4,ENCRYPTED')
  if (wasEncrypted && passphrase === undefined) throw passphraseMissing(source.name)
  try {
    const secret = passphrase === undefined || !wasEncrypted ? {} : { passphrase: Buffer.from(passphrase) }
    return { key: createPrivateKey({ key: block.text, format: 'pem', ...secret }), wasEncrypted }
  } catch (cause) {
    throw wasEncrypted ? passphraseWrong(source.name, cause) : unreadableKey(source.name, cause)
  }
}

/** What OpenSSL calls the failure. Its message could repeat what it was given; its code can't. */
function passphraseMissing(name: string): IdentityError {
  return new IdentityError('ERR_IDENTITY_KEY_ENCRYPTED', {
    tried: `reading ${name}`,
    got: 'the key is encrypted, and no passphrase was given',
    todo: 'Give the option passphrase, or use a key that is not encrypted: the Docker CLI reads no other.',
  })
}

function passphraseWrong(name: string, cause: unknown): IdentityError {
  return new IdentityError('ERR_IDENTITY_PASSPHRASE', {
    tried: `decrypting ${name}`,
    got: `the passphrase does not open it (${codeOf(cause)})`,
    todo: 'Give the right passphrase; where it was read from a file, without the line break at its end.',
  })
}

function unreadableKey(name: string, cause: unknown): IdentityError {
  return keyInvalid(
    name,
    `the key can't be read (${codeOf(cause)})`,
    'Copy the key again from where it was made, or issue a new pair:  docker-mtls cert client NAME',
  )
}

function keyInvalid(name: string, got: string, todo: string): IdentityError {
  return new IdentityError('ERR_IDENTITY_KEY_INVALID', { tried: `reading ${name}`, got, todo })
}
