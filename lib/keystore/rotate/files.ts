import type { X509Certificate } from 'node:crypto'
import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import { KEY_MODE, PUBLIC_MODE, writeFileAtomically, isFolder, readIfThere } from '../../base/files.ts'
import { certificatesIn } from '../../identity/certificate.ts'
import type { Authority } from '../../pki/ca.ts'
import { dateSuffix, keepBeside } from '../../base/replace-files.ts'
import { codeOf } from '../../base/system-error.ts'
import { caPaths, nextCaPaths } from '../layout.ts'
import { readNextPair, type Rotation } from './cas.ts'
import { readRotation } from './state.ts'
import { notedRevocation } from '../revoked-key.ts'
import { appendToLedger } from '../ledger.ts'
import { ledgerEntry, type LedgerEntry } from '../ledger-line.ts'
import { recertify } from '../../pki/recertify.ts'
import { lifeInDays } from '../renew/due.ts'
import type { Leaf } from './leaves.ts'

/**
 * Makes sure that a leaf's `ca.pem` contains the CAs of this phase, in one step. CAs that somebody has added stay.
 *
 * @returns whether it was changed
 */
export async function ensureBundle({ paths }: Leaf, { state, trusted }: Rotation): Promise<boolean> {
  if (!(await isFolder(paths.folder))) return false
  const text = await readIfThere(paths.ca)
  const there = readable(text)
  const own = new Set([state.from.fingerprint256, state.to.fingerprint256])
  const others = (there ?? []).filter(({ fingerprint256 }) => !own.has(fingerprint256))
  const wanted = [...trusted, ...others].map(String).join('')
  if (text === wanted) return false
  // The CAs themselves are in their own folder, so only an unreadable file is worth keeping.
  if (text !== undefined && there === undefined) await keepBeside(paths.ca)
  await writeFileAtomically(paths.ca, wanted, { mode: PUBLIC_MODE })
  return true
}

function readable(text: string | undefined): X509Certificate[] | undefined {
  try {
    return certificatesIn(text ?? '')
  } catch {
    return undefined
  }
}

/**
 * Replaces a leaf's certificate by one that another CA issues for the same key, unless it has been revoked meanwhile, as only clients
 * are. The old one is kept beside it.
 *
 * @param ledger - all issued certificates
 * @returns whether it was replaced
 */
export async function certifyLeaf(
  root: string,
  leaf: Leaf & { readonly cert: X509Certificate },
  authority: Authority,
  ledger: readonly LedgerEntry[],
): Promise<boolean> {
  const { kind, cert: old, paths, keyElsewhere } = leaf
  const line = ledger.find(({ fingerprint256 }) => fingerprint256 === old.fingerprint256)
  const days = lifeInDays(line ?? datesOf(old), ledger)
  const { cert, facts } = recertify(authority, old, { kind, days })
  const entry = ledgerEntry(kind, facts)
  const listed = keyElsewhere ? ({ ...entry, keyHeld: 'client' } as const) : entry
  const isUnrevoked = async (): Promise<boolean> =>
    kind === 'server' || (await notedRevocation(root, old)) === undefined
  if (!(await appendToLedger(caPaths(root).ledger, listed, isUnrevoked))) return false
  await keepBeside(paths.cert)
  await writeFileAtomically(paths.cert, cert, { mode: PUBLIC_MODE })
  return true
}

function datesOf({ validFrom, validTo }: X509Certificate): Pick<LedgerEntry, 'notBefore' | 'notAfter'> {
  return { notBefore: new Date(validFrom).toISOString(), notAfter: new Date(validTo).toISOString() }
}

/**
 * Replaces the old CA by the new one; the old one is kept beside it. Even if this is interrupted, `ca.pem` contains the
 * certificate that matches the key.
 *
 * @returns the new paths of the old files
 */
export async function installNext(root: string, { state, next }: Rotation): Promise<string[]> {
  const paths = caPaths(root)
  const pair = await readNextPair(root)
  const suffix = dateSuffix(new Date(state.since))
  const keptAside = [`${paths.cert}.${suffix}`, `${paths.key}.${suffix}`] as const
  if ((await readIfThere(paths.key)) !== pair.key) {
    await linkOnce(paths.cert, keptAside[0])
    await linkOnce(paths.key, keptAside[1])
    const old = await readIfThere(keptAside[0])
    await writeFileAtomically(paths.cert, `${old ?? ''}${String(next)}`, { mode: PUBLIC_MODE })
    await writeFileAtomically(paths.key, pair.key, { mode: KEY_MODE })
  }
  if ((await readIfThere(paths.cert)) !== pair.certificate) {
    await writeFileAtomically(paths.cert, pair.certificate, { mode: PUBLIC_MODE })
  }
  return [...keptAside]
}

/** Has the new CA replaced the old one? */
export async function isInstalled(root: string): Promise<boolean> {
  const { cert, key } = caPaths(root)
  const pair = await readNextPair(root)
  return (await readIfThere(cert)) === pair.certificate && (await readIfThere(key)) === pair.key
}

/**
 * Is the key in place, but not its certificate? A run was killed between the two: `ca.pem` still begins with the old CA.
 */
export async function isHalfInstalled(root: string): Promise<boolean> {
  if ((await readRotation(root))?.phase !== 'finish') return false
  const { cert, key } = caPaths(root)
  const pair = await readNextPair(root)
  return (await readIfThere(key)) === pair.key && (await readIfThere(cert)) !== pair.certificate
}

/** Finishes the installation of the new CA after {@link isHalfInstalled}. Two runs may do so at once. */
export async function settleInstall(root: string): Promise<void> {
  if (!(await isHalfInstalled(root))) return
  const { certificate } = await readNextPair(root)
  await writeFileAtomically(caPaths(root).cert, certificate, { mode: PUBLIC_MODE })
}

/** Gives a file a second name, unless an interrupted run has done so already. */
async function linkOnce(path: string, aside: string): Promise<void> {
  if ((await readIfThere(path)) === undefined) return
  await fs.link(path, aside).catch((cause: unknown) => {
    if (codeOf(cause) !== 'EEXIST') throw cause
  })
}

/**
 * Ends a rotation in one step: moves away the folder of the new CA, and the state with it. By then, its files are in the
 * CA's own folder.
 */
export async function removeNext(root: string, state: string): Promise<void> {
  const { folder } = caPaths(root)
  const { folder: next } = nextCaPaths(root)
  const suffix = dateSuffix()
  await writeFileAtomically(join(folder, `rotation.json.${suffix}`), state, { mode: KEY_MODE })
  const gone = join(folder, `${ENDED}${suffix}`)
  await fs.rename(next, gone)
  await fs.rm(gone, { recursive: true, force: true })
}

/** Only folders that will be deleted have this name. */
export const ENDED = '.next-ended.'

/** Moves the new CA aside and keeps it: certificates that it issued may still be in use. */
export async function setNextAside(root: string): Promise<string> {
  const { folder } = nextCaPaths(root)
  for (let attempt = 1; ; attempt++) {
    const aside = `${folder}.${dateSuffix()}${attempt === 1 ? '' : `-${attempt}`}`
    if (await isFolder(aside)) continue
    await fs.rename(folder, aside)
    return aside
  }
}
