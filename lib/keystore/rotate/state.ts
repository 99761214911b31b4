import { PkiError } from '../../base/errors.ts'
import { KEY_MODE, writeFileAtomically, readIfThere } from '../../base/files.ts'
import { nextCaPaths } from '../layout.ts'

/**
 * The phase of a rotation from CA A to CA B.
 *
 * - `trust`: every `ca.pem` contains A and B; clients and daemons must get it.
 * - `server`: B issued the server's certificate.
 * - `clients`: B issued the clients' certificates.
 * - `finish`: only B is trusted.
 * - `abort`: the rotation is being aborted, back to A.
 */
export type RotationPhase = 'trust' | 'server' | 'clients' | 'finish' | 'abort'

/** In their order. */
export const ROTATION_PHASES = ['trust', 'server', 'clients', 'finish'] as const

/** One of the two CAs of a rotation. */
export interface RotatedAuthority {
  /** Its common name. */
  readonly name: string
  /** SHA-256 of its certificate. */
  readonly fingerprint256: string
}

/** How a daemon was confirmed. */
export interface ServerConfirmation {
  /** ISO 8601, as all dates here. */
  readonly at: string
  /** `seen`: inspected from here. `said`: confirmed by a person. */
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
  throw invalid(path, 'the file is missing, but the new CA exists')
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
    throw invalid(path, 'it is not JSON')
  }
  const fault = faultOf(state)
  if (fault !== undefined) throw invalid(path, fault)
  return state as RotationState
}

const PHASES: ReadonlySet<unknown> = new Set([...ROTATION_PHASES, 'abort'])

function faultOf(state: unknown): string | undefined {
  if (!isRecord(state)) return 'it is not an object'
  if (state['version'] !== 1) return `its version is ${JSON.stringify(state['version'])}; only 1 is known`
  if (!isDate(state['startedAt'])) return 'its "startedAt" is not a date'
  const authority = (['from', 'to'] as const).find((key) => !isAuthority(state[key]))
  if (authority !== undefined) return `its "${authority}" is not a CA`
  if (!Array.isArray(state['history'])) return 'its "history" is not a list'
  return [state, ...(state['history'] as unknown[])].map(phaseFault).find((fault) => fault !== undefined)
}

function phaseFault(record: unknown): string | undefined {
  if (!isRecord(record)) return 'its "history" contains an entry that is not a phase'
  const { phase, since, confirmed, servers } = record
  if (!PHASES.has(phase)) return `there is no phase ${JSON.stringify(phase)}`
  if (!isDate(since)) return 'its "since" is not a date'
  if (!Array.isArray(confirmed) || !confirmed.every((name) => typeof name === 'string')) {
    return 'its "confirmed" is not a list of names'
  }
  return isRecord(servers) && Object.values(servers).every(isConfirmation)
    ? undefined
    : 'its "servers" are not confirmations of servers'
}

function isConfirmation(value: unknown): boolean {
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
    tried: `reading the state of the CA rotation, ${path}`,
    got,
    todo: 'Restore that file from a backup. Nothing was changed.',
  })
}
