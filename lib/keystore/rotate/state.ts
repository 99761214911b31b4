import { PkiError } from '../../base/errors.ts'
import { KEY_MODE, writeFileAtomically, readIfThere } from '../../base/files.ts'
import { nextCaPaths } from '../layout.ts'

/**
 * How far the rotation of an authority, from A to B, has come.
 *
 * - `trust`: every `ca.pem` has A and B; clients and daemon are to get it.
 * - `server`: the server's certificate is of B.
 * - `clients`: the clients' certificates are of B.
 * - `finish`: B alone counts.
 * - `abort`: back to A, which was stopped on its way.
 */
export type RotationPhase = 'trust' | 'server' | 'clients' | 'finish' | 'abort'

/** In their order. */
export const ROTATION_PHASES = ['trust', 'server', 'clients', 'finish'] as const

/** One of the two authorities. */
export interface RotatedAuthority {
  readonly name: string
  readonly fingerprint256: string
}

/** How it is known that the daemon is as a phase wants it. */
export interface ServerConfirmation {
  /** ISO 8601, as all dates here. */
  readonly at: string
  /** It was looked at from here, or somebody said so. */
  readonly by: 'seen' | 'said'
}

/** A phase, and who has what it is about. */
export interface PhaseRecord {
  readonly phase: RotationPhase
  readonly since: string
  /** The clients of which somebody said that they have it. */
  readonly confirmed: readonly string[]
  /** The same of the servers, by their folders: `server`, `hosts/build01`. */
  readonly servers: Readonly<Record<string, ServerConfirmation>>
}

/** A rotation that is under way. */
export interface RotationState extends PhaseRecord {
  readonly version: 1
  readonly startedAt: string
  readonly from: RotatedAuthority
  readonly to: RotatedAuthority
  /** The phases before this one. */
  readonly history: readonly PhaseRecord[]
}

/**
 * Reads how far a rotation has come. The new authority's folder and this file in it came into being in one moment, and go
 * so: a folder with half of them is damaged.
 *
 * @returns undefined where none is under way
 * @throws {@link PkiError} ERR_ROTATION_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function readRotation(root: string): Promise<RotationState | undefined> {
  const { state: path, cert } = nextCaPaths(root)
  const text = await readIfThere(path)
  if (text !== undefined) return parseRotation(text, path)
  if ((await readIfThere(cert)) === undefined) return undefined
  // It may have begun, or ended, between the looks.
  const second = await readIfThere(path)
  if (second !== undefined) return parseRotation(second, path)
  if ((await readIfThere(cert)) === undefined) return undefined
  throw invalid(path, 'there is a new authority beside it, and no such file')
}

/** The text of the file. */
export function rotationText(state: RotationState): string {
  return `${JSON.stringify(state, undefined, 2)}\n`
}

/** Takes the place of the file that is there, whole or not at all. */
export async function writeRotation(root: string, state: RotationState): Promise<void> {
  await writeFileAtomically(nextCaPaths(root).state, rotationText(state), { mode: KEY_MODE })
}

/** @throws {@link PkiError} ERR_ROTATION_INVALID */
export function parseRotation(text: string, path: string): RotationState {
  let state: unknown
  try {
    state = JSON.parse(text)
  } catch {
    throw invalid(path, 'it is no JSON')
  }
  const fault = faultOf(state)
  if (fault !== undefined) throw invalid(path, fault)
  return state as RotationState
}

const PHASES: ReadonlySet<unknown> = new Set([...ROTATION_PHASES, 'abort'])

function faultOf(state: unknown): string | undefined {
  if (!isRecord(state)) return 'it is no object'
  if (state['version'] !== 1) return `its version is ${JSON.stringify(state['version'])}, and 1 is known`
  if (!isDate(state['startedAt'])) return 'its "startedAt" is no date'
  const authority = (['from', 'to'] as const).find((key) => !isAuthority(state[key]))
  if (authority !== undefined) return `its "${authority}" is no authority`
  if (!Array.isArray(state['history'])) return 'its "history" is no list'
  return [state, ...(state['history'] as unknown[])].map(phaseFault).find((fault) => fault !== undefined)
}

function phaseFault(record: unknown): string | undefined {
  if (!isRecord(record)) return 'its "history" has something in it that is no phase'
  const { phase, since, confirmed, servers } = record
  if (!PHASES.has(phase)) return `there is no phase ${JSON.stringify(phase)}`
  if (!isDate(since)) return 'its "since" is no date'
  if (!Array.isArray(confirmed) || !confirmed.every((name) => typeof name === 'string')) {
    return 'its "confirmed" is no list of names'
  }
  return isRecord(servers) && Object.values(servers).every(isWord) ? undefined : 'its "servers" are no words of servers'
}

function isWord(value: unknown): boolean {
  return isRecord(value) && isDate(value['at']) && ['seen', 'said'].includes(String(value['by']))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isAuthority(value: unknown): boolean {
  return isRecord(value) && typeof value['name'] === 'string' && typeof value['fingerprint256'] === 'string'
}

function isDate(value: unknown): boolean {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value))
}

function invalid(path: string, got: string): PkiError {
  return new PkiError('ERR_ROTATION_INVALID', {
    tried: `reading how far the authority's rotation is, ${path}`,
    got,
    todo: 'Put that file back from a backup; nothing is changed as long as it is not known.',
  })
}
