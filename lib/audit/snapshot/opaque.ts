import type { DockerClient } from '../../engine/client.ts'
import { auditSnapshot as auditKnown, type AuditReport, type EvaluateOptions } from '../report.ts'
import type { CollectOptions } from './collect.ts'
import { checkSnapshot, parseSnapshot as parse } from './parse.ts'

/**
 * All data that the checks need, collected once. It contains no values of environment variables, no labels, no command
 * lines and no passwords. Its other fields aren't part of the API: save it with `JSON.stringify()`, and read it again with
 * {@link parseSnapshot}.
 */
export interface AuditSnapshot {
  /** Raised with incompatible changes. */
  readonly format: number
  /** When it was collected, in ISO 8601. */
  readonly at: string
  /** The endpoint as users write it. */
  readonly target: string
  /** The version of the Engine API that was used to read it. */
  readonly apiVersion: string
}

/**
 * Reads all data that the checks need. It only reads, with at most 16 requests at once. A part that can't be read is `unknown`
 * with its reason; the others are still read.
 *
 * @param docker - a connected client
 * @param options - a signal, and the longest time for one request
 * @throws the reason of the signal
 * @example
 * ```ts
 * import { writeFile } from 'node:fs/promises'
 *
 * const snapshot = await collectSnapshot(docker)
 * await writeFile('build01.json', JSON.stringify(snapshot))
 * ```
 */
export async function collectSnapshot(docker: DockerClient, options: CollectOptions = {}): Promise<AuditSnapshot> {
  const { collectSnapshot: collect } = await import('./collect.ts')
  return collect(docker, options)
}

/**
 * Parses a snapshot that was saved as JSON. A field of an unexpected type is `unknown`.
 *
 * @param text - JSON
 * @throws {@link AuditError} ERR_AUDIT_SNAPSHOT_INVALID, also for a snapshot in the format of another version
 * @example
 * ```ts
 * const report = auditSnapshot(parseSnapshot(await readFile('build01.json', 'utf8')))
 * ```
 */
export function parseSnapshot(text: string): AuditSnapshot {
  return parse(text)
}

/**
 * Runs the checks on a snapshot. The same snapshot and options always give the same report.
 *
 * @param snapshot - from {@link collectSnapshot} or {@link parseSnapshot}
 * @param options - which checks, exceptions and baseline
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID for a check, family or profile that doesn't exist
 * @throws {@link AuditError} for a snapshot or exceptions that are invalid
 * @example
 * ```ts
 * const { counts } = auditSnapshot(await collectSnapshot(docker), { only: ['container'] })
 * console.log(counts.fail, counts.unknown)
 * ```
 */
export function auditSnapshot(snapshot: AuditSnapshot, options: EvaluateOptions = {}): AuditReport {
  return auditKnown(checkSnapshot(snapshot), options)
}
