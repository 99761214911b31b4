import type { X509Certificate } from 'node:crypto'
import { ours, sentence } from '../../base/sentence.ts'
import { PkiError } from '../../base/errors.ts'
import { certificatesIn, isIssuedBy, openCertificate } from '../../identity/certificate.ts'
import { caPaths, nextCaPaths } from '../layout.ts'
import { readRotation, type RotationPhase, type RotationState } from './state.ts'
import type { CaPair } from '../ca.ts'
import { readIfThere } from '../../base/files.ts'

/** The CA that issues certificates in a phase: the current one or the next one. */
export type Issuer = 'present' | 'next'

/**
 * Nobody may get a certificate that the other side doesn't trust yet. The new CA issues the servers' certificates once all
 * clients trust it, and the clients' once the daemons trust it and have presented theirs.
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

/** A rotation in progress, and both CAs. */
export interface Rotation {
  readonly state: RotationState
  readonly present: X509Certificate
  readonly next: X509Certificate
  /** The contents of every `ca.pem` in this phase, the old CA first. */
  readonly trusted: readonly X509Certificate[]
}

/**
 * Reads the rotation in progress, with the certificates of both CAs.
 *
 * @returns undefined if there is none
 * @throws {@link PkiError} ERR_ROTATION_INVALID, also if it started with other certificates
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

/** The certificate in the file with this fingerprint. */
async function certificateOf(root: string, path: string, fingerprint: string): Promise<X509Certificate> {
  const pem = await readIfThere(path)
  try {
    const found = certificatesIn(pem ?? '', path).find(({ fingerprint256 }) => fingerprint256 === fingerprint)
    if (found !== undefined) return found
  } catch {
    // Reported like a wrong certificate.
  }
  throw changed(root, path)
}

function changed(root: string, path: string): PkiError {
  return new PkiError('ERR_ROTATION_INVALID', {
    tried: `reading both CAs of the rotation in ${root}`,
    got: `${path} is not the file that the rotation started with`,
    todo: 'Restore that file from a backup. Nothing was changed.',
  })
}

/**
 * The CA that issues client certificates now.
 *
 * @returns undefined if there is no CA
 * @throws {@link PkiError} ERR_ROTATION_INVALID
 */
export async function readClientIssuer(root: string): Promise<X509Certificate | undefined> {
  const rotation = await readRotatedCas(root)
  if (rotation !== undefined) return rotation[issuerIn(rotation.state.phase, 'client')]
  const path = caPaths(root).cert
  const pem = await readIfThere(path)
  return pem === undefined ? undefined : certificatesIn(pem, path)[0]
}

/** The files of the new CA. */
export async function readNextPair(root: string): Promise<CaPair> {
  const { cert, key } = nextCaPaths(root)
  const pair = { certificate: await readIfThere(cert), key: await readIfThere(key) }
  if (pair.certificate !== undefined && pair.key !== undefined) return pair as CaPair
  throw changed(root, pair.certificate === undefined ? cert : key)
}

/**
 * The CAs whose certificates are valid in a folder: its own, and during a rotation both.
 *
 * @returns undefined if there is no CA, as in a copy of the folder without it
 */
async function readTrusted(root: string): Promise<readonly X509Certificate[] | undefined> {
  const pem = await readIfThere(caPaths(root).cert)
  if (pem === undefined) return undefined
  const rotation = await readRotatedCas(root)
  if (rotation === undefined) return certificatesIn(pem)
  const { state, present, next } = rotation
  return state.phase === 'finish' ? [next] : [present, next]
}

/** @throws {@link PkiError} ERR_ROTATION_UNDERWAY during a rotation */
export async function refuseRotation(root: string, tried: string): Promise<void> {
  const state = await readRotation(root)
  if (state === undefined) return
  throw new PkiError('ERR_ROTATION_UNDERWAY', {
    tried,
    got: `a rotation to ${state.to.name} is in progress, in the phase ${state.phase}`,
    todo: sentence`Continue the rotation:  ${ours('cert', 'rotate-ca', '--dir', root)}  To abort it instead, while that is possible:  ${ours('cert', 'rotate-ca', '--abort', '--dir', root)}`,
  })
}

/**
 * Did the current CA of the folder issue this certificate? After a CA was replaced, its certificates stay in their places until
 * they are issued again. During a rotation both CAs count.
 *
 * @param root - the folder that `init` created
 * @param pem - the certificate; the first one if there are several
 * @returns true also if there is no CA, as in a copy of the folder without it
 */
export async function isFromCurrentCa(root: string, pem: string): Promise<boolean> {
  const trusted = await readTrusted(root)
  return trusted === undefined || isIssuedBy(openCertificate(pem), trusted)
}

/** Did the current CA issue the first certificate of a file? */
export type CaTest = (file: { readonly first: X509Certificate }) => boolean

/** {@link isFromCurrentCa} for many certificates. */
export async function currentCaTest(root: string): Promise<CaTest> {
  const trusted = await readTrusted(root)
  return ({ first }) => trusted === undefined || isIssuedBy(first, trusted)
}
