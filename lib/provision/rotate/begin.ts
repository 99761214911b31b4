import { PkiError } from '../../errors.ts'
import { KEY_MODE, PUBLIC_MODE } from '../../files.ts'
import { createAuthority, type Authority, type AuthorityOptions } from '../../pki/authority.ts'
import type { Passphrase } from '../../pki/encrypted-key.ts'
import { publishFolder } from '../../pki/folder-io.ts'
import { authorityPaths, nextAuthorityPaths } from '../../pki/folder-layout.ts'
import { readAuthorityPair } from '../../pki/folder-authority.ts'
import { PkiFolder, KEY_TYPES } from '../../pki/index.ts'
import { keyTypeOf } from '../../pki/key-type.ts'
import { appendToLedger, ledgerEntry } from '../../pki/ledger.ts'
import { isEncryptedKey } from '../../pki/load-authority.ts'
import { rotationText, type RotatedAuthority, type RotationState } from '../../pki/rotation-state.ts'

/** What the new authority is to be. */
export type NextAuthority = Pick<AuthorityOptions, 'commonName' | 'keyType' | 'days'>

/**
 * Makes the new authority, its key of the same type and encrypted as the old one's is. It comes into the folder together
 * with the state of the rotation, in one step: with that the rotation has begun.
 *
 * @throws {@link PkiError} ERR_CA_MISSING, ERR_CA_INVALID, ERR_CA_EXPIRED, ERR_CA_PASSPHRASE, ERR_NAME_INVALID
 * @throws {@link FileError} ERR_FILE_WRITE, ERR_FILE_EXISTS
 */
export async function beginRotation(root: string, wanted: NextAuthority, passphrase?: Passphrase): Promise<void> {
  const old = await new PkiFolder(root).openAuthority(passphrase)
  const keyType = KEY_TYPES.find((type) => type === keyTypeOf(old.facts.key))
  const next = await createAuthority({ ...(keyType && { keyType }), ...wanted })
  refuseSameName(root, old, next)
  const pair = await readAuthorityPair(root)
  const isLocked = pair !== undefined && isEncryptedKey(pair.key)
  const key = await next.exportKey(isLocked && passphrase !== undefined ? { passphrase } : {})
  const now = new Date().toISOString()
  const state: RotationState = {
    version: 1,
    startedAt: now,
    from: named(old),
    to: named(next),
    phase: 'trust',
    since: now,
    confirmed: [],
    servers: {},
    history: [],
  }
  const paths = nextAuthorityPaths(root)
  await appendToLedger(authorityPaths(root).ledger, ledgerEntry('ca', next.facts))
  await publishFolder(paths.folder, [
    { path: paths.key, data: key, mode: KEY_MODE },
    { path: paths.cert, data: next.certificate, mode: PUBLIC_MODE },
    { path: paths.state, data: rotationText(state), mode: KEY_MODE },
  ])
}

function named({ facts: { commonName, subject, fingerprint256 } }: Authority): RotatedAuthority {
  return { name: commonName ?? subject, fingerprint256 }
}

/** dockerd names its CAs by their subjects: of two that are called the same nobody could see which one it trusts. */
function refuseSameName(root: string, { facts: { subject } }: Authority, next: Authority): void {
  if (next.facts.subject !== subject) return
  throw new PkiError('ERR_NAME_INVALID', {
    tried: `rotating the authority in ${authorityPaths(root).folder}`,
    got: `the old one has the same name, ${subject}`,
    todo: 'Give the new one another name, or none: then it is named after its key.',
  })
}
