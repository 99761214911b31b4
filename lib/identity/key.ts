import { codeOf } from '../base/system-error.ts'
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { IdentityError } from '../base/errors.ts'
import { option, ours, sentence, type Sentence } from '../base/sentence.ts'
import { readPrivateKeys } from './contents.ts'
import type { Source } from './credentials.ts'

/** A private key that could be read. */
export interface OpenedKey {
  readonly key: KeyObject
  readonly wasEncrypted: boolean
}

/** Reads the private key, and decrypts it if it is encrypted: PKCS#8, or the older form with a `Proc-Type` header. */
export function openKey(source: Source, passphrase: string | Uint8Array | undefined): OpenedKey {
  const [block, ...others] = readPrivateKeys(source)
  if (block === undefined || others.length > 0) {
    throw keyInvalid(
      source.name,
      `it holds ${others.length + 1} private keys`,
      'Keep only the key that belongs to cert.pem.',
    )
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

function passphraseMissing(name: string): IdentityError {
  return new IdentityError('ERR_IDENTITY_KEY_ENCRYPTED', {
    tried: `reading ${name}`,
    got: 'the key is encrypted, and no passphrase was given',
    todo: sentence`Set ${option('passphrase')}.`,
  })
}

/** Shows only the code of OpenSSL's error, because its message could repeat the input. */
function passphraseWrong(name: string, cause: unknown): IdentityError {
  return new IdentityError('ERR_IDENTITY_PASSPHRASE', {
    tried: `decrypting ${name}`,
    got: `the passphrase is wrong (${codeOf(cause)})`,
    todo: 'Pass the right passphrase. If you read it from a file, remove the line break at its end.',
  })
}

function unreadableKey(name: string, cause: unknown): IdentityError {
  return keyInvalid(
    name,
    `the key can't be read (${codeOf(cause)})`,
    sentence`Copy the key again from where it was created, or issue a new certificate with a key:  ${ours('cert', 'client', 'NAME')}`,
  )
}

function keyInvalid(name: string, got: string, todo: Sentence): IdentityError {
  return new IdentityError('ERR_IDENTITY_KEY_INVALID', { tried: `reading ${name}`, got, todo })
}
