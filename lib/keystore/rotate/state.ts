import { PkiError } from '../../base/errors.ts'
import { parseJsonDocument } from '../../base/json.ts'
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

/** A phase, and its confirmations. */
export interface PhaseRecord {
  readonly phase: RotationPhase
  readonly since: string
  /** The clients that are confirmed to have their files. */
  readonly confirmed: readonly string[]
  /** The servers that are confirmed to have theirs, by their folders: `server`, `hosts/build01`. */
  readonly servers: Readonly<Record<string, ServerConfirmation>>
}

/** The state of a rotation in progress. */
export interface RotationState extends PhaseRecord {
  readonly version: 1
  readonly startedAt: string
  readonly from: RotatedAuthority
  readonly to: RotatedAuthority
  /** The phases before this one. */
  readonly history: readonly PhaseRecord[]
}

/**
 * Reads the state of a rotation. This file and the folder of the new CA appear and disappear in one step, so a folder
 * without this file is damaged.
 *
 * @returns undefined if no rotation is in progress
 * @throws {@link PkiError} ERR_ROTATION_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function readRotation(root: string): Promise<RotationState | undefined> {
  const { state: path, cert } = nextCaPaths(root)
  const text = await readIfThere(path)
  if (text !== undefined) return parseRotation(text, path)
  if ((await readIfThere(cert)) === undefined) return undefined
  // The rotation may have started or ended between the two reads.
  const second = await readIfThere(path)
  if (second !== undefined) return parseRotation(second, path)
  if ((await readIfThere(cert)) === undefined) return undefined
  throw invalid(path, 'the file is missing, but the new CA exists')
}

/** The text of the file. */
export function rotationText(state: RotationState): string {
  return `${JSON.stringify(state, undefined, 2)}\n`
}

/** Replaces the file, whole or not at all. */
export async function writeRotation(root: string, state: RotationState): Promise<void> {
  await writeFileAtomically(nextCaPaths(root).state, rotationText(state), { mode: KEY_MODE })
}

/** @throws {@link PkiError} ERR_ROTATION_INVALID */
export function parseRotation(text: string, path: string): RotationState {
  let state: unknown
  try {
    state = parseJsonDocument(text)
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
  const other = (['from', 'to'] as const).find((key) => !isCa(state[key]))
  if (other !== undefined) return `its "${other}" is not a CA`
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

function isCa(value: unknown): boolean {
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
