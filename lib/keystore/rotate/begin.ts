import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import { isDockerMtlsError, PkiError } from '../../base/errors.ts'
import { KEY_MODE, PUBLIC_MODE, readIfThere } from '../../base/files.ts'
import { certificatesIn, readCertificate } from '../../identity/certificate.ts'
import { createAuthority, type Authority, type AuthorityOptions } from '../../pki/ca.ts'
import type { Passphrase } from '../../pki/encrypted-key.ts'
import { publishFolder } from '../../base/replace-files.ts'
import { caPaths, nextCaPaths } from '../layout.ts'
import { readCaPair } from '../ca.ts'
import { KEY_TYPES, keyTypeOf } from '../../pki/key-type.ts'
import { appendToLedger } from '../ledger.ts'
import { ledgerEntry } from '../ledger-line.ts'
import { isEncryptedKey } from '../../pki/load-ca.ts'
import { rotationText, type RotatedAuthority, type RotationState } from './state.ts'

/** Options of the new CA. */
export type NextAuthority = Pick<AuthorityOptions, 'commonName' | 'keyType' | 'days'>

/** The part of {@link RotateOptions} that matters at the start. */
export interface BeginOptions {
  readonly next: NextAuthority
  readonly passphrase?: Passphrase
}

/**
 * Creates the new CA; by default its key has the type of the old one, and it is encrypted if the old one is. The CA enters
 * the folder together with the state of the rotation, in one step, which starts the rotation.
 *
 * @param old - the current CA
 * @throws {@link PkiError} ERR_NAME_INVALID
 * @throws {@link FileError} ERR_FILE_WRITE, ERR_FILE_EXISTS
 */
export async function beginRotation(
  root: string,
  old: Authority,
  { next: wanted, passphrase }: BeginOptions,
): Promise<void> {
  const keyType = KEY_TYPES.find((type) => type === keyTypeOf(old.facts.key))
  const next = await createAuthority({ ...(keyType && { keyType }), ...wanted })
  await refuseTakenName(root, next)
  const pair = await readCaPair(root)
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
  const paths = nextCaPaths(root)
  await appendToLedger(caPaths(root).ledger, ledgerEntry('ca', next.facts))
  await publishFolder(paths.folder, [
    { path: paths.key, data: key, mode: KEY_MODE },
    { path: paths.cert, data: next.certificate, mode: PUBLIC_MODE },
    { path: paths.state, data: rotationText(state), mode: KEY_MODE },
  ])
}

function named({ facts: { commonName, subject, fingerprint256 } }: Authority): RotatedAuthority {
  return { name: commonName ?? subject, fingerprint256 }
}

/** dockerd names its CAs by their subjects: of two with the same name nobody could see which one it trusts. */
async function refuseTakenName(root: string, { facts: { subject } }: Authority): Promise<void> {
  for (const path of await casThere(root)) {
    if (!(await subjectsIn(path)).includes(subject)) continue
    throw new PkiError('ERR_NAME_INVALID', {
      tried: `rotating the CA in ${caPaths(root).folder}`,
      got: `${path} contains a CA with the same name, ${subject}`,
      todo: 'Choose another common name, or leave it out to name the new CA after its key.',
    })
  }
}

/** The current CA, those that it replaced, and those of aborted rotations: a daemon may trust any of them. */
async function casThere(root: string): Promise<string[]> {
  const { folder, cert } = caPaths(root)
  const names = await fs.readdir(folder)
  const replaced = names.filter((name) => name.startsWith('ca.pem.')).map((name) => join(folder, name))
  const stopped = names.filter((name) => name.startsWith('next.')).map((name) => join(folder, name, 'ca.pem'))
  return [cert, ...replaced, ...stopped]
}

/** None if the file is gone or damaged: then nobody uses it any more. */
async function subjectsIn(path: string): Promise<string[]> {
  try {
    const pem = (await readIfThere(path)) ?? ''
    return certificatesIn(pem, path).map((one) => readCertificate(one).subject)
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return []
  }
}
