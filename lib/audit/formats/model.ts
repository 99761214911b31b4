import { groupBy } from '../../base/group-by.ts'
import type { CheckFacts, Family, Severity } from '../check.ts'
import type { ExceptionUse } from '../exceptions.ts'
import { FAIL_ON, FAMILIES, SEVERITIES } from '../names.ts'
import { failuresOf, type AuditReport, type ReportedFinding } from '../report.ts'

/** A daemon that could not be audited. */
export interface FailedAudit {
  /** The endpoint, or the name that you passed. */
  readonly target: string
  /** The reason. */
  readonly error: {
    /** `ERR_...` */
    readonly code: string
    /** What was tried, what came back, and what to do. */
    readonly message: string
  }
}

/** The report of a daemon, or why it could not be audited. */
export type AuditResult = AuditReport | FailedAudit

/** How to render a report. */
export interface RenderOptions {
  /** An audit fails from this severity on. @defaultValue `high` */
  readonly failOn?: Severity | undefined
  /** For text: also lists checks that passed or aren't applicable. @defaultValue false */
  readonly all?: boolean | undefined
  /** For text: the width to wrap to. @defaultValue no limit */
  readonly width?: number | undefined
  /** For text: adds a style to a text. @defaultValue no styles */
  readonly paint?: ((style: 'bold' | 'dim' | 'green' | 'yellow' | 'red', text: string) => string) | undefined
}

/** Was the daemon audited? */
export function isReport(result: AuditResult): result is AuditReport {
  return 'findings' in result
}

/** A check with some of its findings. */
export interface CheckGroup {
  readonly facts: CheckFacts
  readonly findings: readonly ReportedFinding[]
}

/** The checks of a family that found something. */
export interface FamilyGroup {
  readonly family: Family
  readonly checks: readonly CheckGroup[]
}

/** Failures and warnings without an exception: by family, the worst first. */
export function problemsOf(report: AuditReport): FamilyGroup[] {
  const groups = groupsOf(report, (finding) => finding.exception === undefined && isProblem(finding))
  const families = Object.keys(FAMILIES) as Family[]
  return families
    .map((family) => ({ family, checks: groups.filter(({ facts }) => facts.family === family).toSorted(byWeight) }))
    .filter(({ checks }) => checks.length > 0)
    .toSorted((one, other) => byWeight(one.checks[0], other.checks[0]))
}

/** A failure, a warning, or what passed in the baseline and could not be seen now. */
export function isProblem({ status, change }: ReportedFinding): boolean {
  return status === 'fail' || status === 'warn' || (status === 'unknown' && change === 'worse')
}

/** Whether a finding has this status, and no exception. */
export function isOpen(wanted: ReportedFinding['status']): (finding: ReportedFinding) => boolean {
  return ({ status, exception }) => status === wanted && exception === undefined
}

/** What could not be seen, without problems and without what has an exception. */
export function isUnknown(finding: ReportedFinding): boolean {
  return isOpen('unknown')(finding) && !isProblem(finding)
}

/** What has an exception. */
export function acceptedOf({
  findings,
}: AuditReport): (ReportedFinding & Required<Pick<ReportedFinding, 'exception'>>)[] {
  return findings.flatMap((finding) =>
    finding.exception === undefined ? [] : [{ ...finding, exception: finding.exception }],
  )
}

/** The checks with findings of a kind, in the order of the report. Failures come before warnings. */
export function groupsOf(report: AuditReport, isWanted: (finding: ReportedFinding) => boolean): CheckGroup[] {
  const wanted = report.findings.filter(isWanted)
  const byCheck = groupBy(wanted, ({ check }) => check)
  return report.checks.flatMap((facts) => {
    const findings = byCheck.get(facts.id)
    if (findings === undefined) return []
    const failed = findings.filter(({ status }) => status === 'fail')
    return [{ facts, findings: [...failed, ...findings.filter(({ status }) => status !== 'fail')] }]
  })
}

/** Failures before warnings, then by severity. */
function byWeight(one: CheckGroup | undefined, other: CheckGroup | undefined): number {
  return weightOf(one) - weightOf(other)
}

function weightOf(group: CheckGroup | undefined): number {
  if (group === undefined) return Infinity
  const onlyWarns = group.findings.every(({ status }) => status === 'warn')
  return SEVERITIES.indexOf(group.facts.severity) + (onlyWarns ? SEVERITIES.length : 0)
}

/** How many failures of each severity there are, without those that have an exception. */
export function failuresBySeverity({ findings }: AuditReport): Record<Severity, number> {
  const counts = { critical: 0, high: 0, medium: 0, low: 0 }
  for (const { status, severity, exception } of findings) {
    if (status === 'fail' && exception === undefined) counts[severity]++
  }
  return counts
}

/** What all results together say. */
export interface Summary {
  readonly failOn: Severity
  readonly hosts: number
  /** Daemons that couldn't be audited. */
  readonly notAudited: number
  /** Daemons of which a part couldn't be read. */
  readonly incomplete: number
  /** Findings by which the audit fails. */
  readonly failing: number
  /** Was there a baseline? Then only what is new or worse fails. */
  readonly compared: boolean
}

export function summaryOf(results: readonly AuditResult[], { failOn = FAIL_ON }: RenderOptions): Summary {
  const reports = results.filter(isReport)
  return {
    failOn,
    hosts: results.length,
    notAudited: results.length - reports.length,
    incomplete: reports.filter(({ unread }) => unread.length > 0).length,
    failing: reports.reduce((sum, report) => sum + failuresOf(report, failOn).length, 0),
    compared: reports.some(({ baseline }) => baseline !== undefined),
  }
}

/**
 * Exceptions of all reports together: one that is used anywhere is used. While a daemon is missing, none counts as unused.
 */
export function exceptionsOf(results: readonly AuditResult[]): ExceptionUse[] {
  const reports = results.filter(isReport)
  const isWhole = reports.length === results.length && reports.every(({ unread }) => unread.length === 0)
  const [first] = reports
  return (first?.exceptions ?? []).map((exception, index) => {
    const states = new Set(reports.map(({ exceptions }) => exceptions[index]?.state))
    const state = (['used', 'expired', 'unused'] as const).find((one) => states.has(one)) ?? 'not-checked'
    return { ...exception, state: state === 'unused' && !isWhole ? 'not-checked' : state }
  })
}
