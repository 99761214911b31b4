import type { X509Certificate } from 'node:crypto'
import { PkiError } from '../../base/errors.ts'
import { isIssuedBy, openCertificate, splitPem } from '../../identity/certificate.ts'
import { caPaths, commandLine, nextCaPaths } from '../layout.ts'
import { readRotation, type RotationPhase, type RotationState } from './state.ts'
import type { CaPair } from '../ca.ts'
import { readIfThere } from '../../base/files.ts'

/** Which authority a phase issues by: the one that is going, or the one that is coming. */
export type Issuer = 'present' | 'next'

/**
 * Nobody may get a certificate that the other side doesn't trust yet: a server's is of the new authority once all clients
 * trust that, a client's once the daemon was seen to, and has shown its own.
 */
const ISSUERS: Readonly<Record<RotationPhase, Readonly<Record<'server' | 'client', Issuer>>>> = {
  trust: { server: 'present', client: 'present' },
  server: { server: 'next', client: 'present' },
  clients: { server: 'next', client: 'next' },
  finish: { server: 'next', client: 'next' },
  abort: { server: 'present', client: 'present' },
}

export function issuerIn(phase: RotationPhase, kind: 'server' | 'client'): Issuer {
  return ISSUERS[phase][kind]
}

/** A rotation that is under way, and both authorities. */
export interface Rotation {
  readonly state: RotationState
  readonly present: X509Certificate
  readonly next: X509Certificate
  /** What belongs into every `ca.pem` in this phase: the old one first. */
  readonly trusted: readonly X509Certificate[]
}

/**
 * Reads the rotation that is under way, with the certificates of both authorities.
 *
 * @returns undefined where none is
 * @throws {@link PkiError} ERR_ROTATION_INVALID, also where the certificates are others than it was begun with
 */
export async function readRotatedCas(root: string): Promise<Rotation | undefined> {
  const state = await readRotation(root)
  if (state === undefined) return undefined
  const next = await certificateOf(root, nextCaPaths(root).cert, state.to.fingerprint256)
  const isLast = state.phase === 'finish'
  const present = isLast ? next : await certificateOf(root, caPaths(root).cert, state.from.fingerprint256)
  const trusted = { finish: [next], abort: [present] }[state.phase as string] ?? [present, next]
  return { state, present, next, trusted }
}

/** The one with this fingerprint, out of those in the file. */
async function certificateOf(root: string, path: string, fingerprint: string): Promise<X509Certificate> {
  const pem = await readIfThere(path)
  try {
    const all = splitPem(pem ?? '', path).map((text) => openCertificate(text, path))
    const found = all.find(({ fingerprint256 }) => fingerprint256 === fingerprint)
    if (found !== undefined) return found
  } catch {
    // As if it were another one.
  }
  throw changed(root, path)
}

function changed(root: string, path: string): PkiError {
  return new PkiError('ERR_ROTATION_INVALID', {
    tried: `reading both authorities of the rotation in ${root}`,
    got: `${path} holds another certificate than when it was begun, or none`,
    todo: 'Put that file back from a backup; nothing is changed as long as it is another one.',
  })
}

/** The new authority's files. */
export async function readNextPair(root: string): Promise<CaPair> {
  const { cert, key } = nextCaPaths(root)
  const pair = { certificate: await readIfThere(cert), key: await readIfThere(key) }
  if (pair.certificate !== undefined && pair.key !== undefined) return pair as CaPair
  throw changed(root, pair.certificate === undefined ? cert : key)
}

/**
 * The certificates whose leaves are good in a folder: of its authority, and while one is rotated of both.
 *
 * @returns undefined where there is no authority, as in a copy of the folder without it
 */
export async function readTrusted(root: string): Promise<readonly X509Certificate[] | undefined> {
  const pem = await readIfThere(caPaths(root).cert)
  if (pem === undefined) return undefined
  const rotation = await readRotatedCas(root)
  if (rotation === undefined) return splitPem(pem).map((text) => openCertificate(text))
  const { state, present, next } = rotation
  return state.phase === 'finish' ? [next] : [present, next]
}

/** @throws {@link PkiError} ERR_ROTATION_UNDERWAY, where one is */
export async function refuseRotation(root: string, tried: string): Promise<void> {
  const state = await readRotation(root)
  if (state === undefined) return
  throw new PkiError('ERR_ROTATION_UNDERWAY', {
    tried,
    got: `its rotation to ${state.to.name} is under way, in the phase ${state.phase}`,
    todo: `Go on with it, or go back while that is possible:  ${commandLine('cert', 'rotate-ca', '--dir', root)}  or the same with  --abort`,
  })
}

/**
 * Is this certificate of the authority that is in the folder now? What an authority that was replaced has issued is in its
 * place until it is issued anew, and goes with a `ca.pem` that no other machine has any more. While an authority is
 * rotated, both are present.
 *
 * @param root - the folder that `init` made
 * @param pem - the certificate, the first one where there are several
 * @returns true also where there is no authority, as in a copy of the folder without it
 */
export async function isFromCurrentCa(root: string, pem: string): Promise<boolean> {
  const trusted = await readTrusted(root)
  if (trusted === undefined) return true
  const [first = ''] = splitPem(pem)
  const leaf = openCertificate(first)
  return isIssuedBy(leaf, trusted)
}
