import { checkOptions } from '../base/options.ts'
import type { DockerClient } from '../engine/client.ts'
import { CHECKS } from './checks.ts'
import { checkExceptions } from './exceptions.ts'
import { auditSnapshot, type AuditReport, type EvaluateOptions } from './report.ts'
import { needsHost, selectChecks } from './select.ts'
import type { CollectOptions } from './snapshot/collect.ts'

/** Which checks to run, and limits for reading the daemon. */
export interface AuditOptions extends EvaluateOptions, CollectOptions {}

const OPTIONS: Readonly<Record<keyof AuditOptions, true>> = {
  only: true,
  skip: true,
  profile: true,
  exceptions: true,
  baseline: true,
  now: true,
  signal: true,
  requestTimeout: true,
  hostFiles: true,
}

/**
 * Audits a daemon: reads its settings, containers, networks and volumes, and runs the checks on them. It changes nothing. A check
 * that can't see its setting is `unknown`, never a pass; {@link AuditReport.unread} names the parts that can't be read.
 *
 * @param docker - a connected client
 * @param options - which checks, exceptions, baseline, and limits
 * @throws {@link ArgumentError} for an unknown option, check, family or profile, before anything is sent
 * @throws {@link AuditError} ERR_AUDIT_EXCEPTIONS_INVALID, before anything is sent
 * @throws the reason of the signal
 * @example
 * ```ts
 * const report = await audit(docker)
 * console.log(renderReport(report, 'text'))
 * if (failuresOf(report, 'high').length > 0 || report.unread.length > 0) process.exitCode = 1
 * ```
 */
export async function audit(docker: DockerClient, options: AuditOptions = {}): Promise<AuditReport> {
  checkOptions(options, Object.keys(OPTIONS), 'audit()')
  const isHostNeeded = selectChecks(CHECKS, options).some(needsHost)
  checkExceptions(options.exceptions ?? [])
  const { collectSnapshot } = await import('./snapshot/collect.ts')
  const snapshot = await collectSnapshot(docker, isHostNeeded ? options : { ...options, hostFiles: 'none' })
  return auditSnapshot(snapshot, { now: new Date(), ...options })
}
