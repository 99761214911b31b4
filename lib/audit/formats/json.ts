import { packageVersion } from '../../base/package-version.ts'
import { REPORT_FORMAT } from '../baseline.ts'
import type { CheckFacts, Severity } from '../check.ts'
import { TABLE_DATE } from '../cve/table.ts'
import { isFailing, type AuditReport, type ReportedFinding } from '../report.ts'
import { nameOf } from '../subject.ts'
import { safeJson } from './foreign.ts'
import { exceptionsOf, isReport, summaryOf, type AuditResult, type RenderOptions } from './model.ts'

/** Renders results as JSON. The shape is in docs/audit.md; a baseline is such a file. */
export function renderJson(results: readonly AuditResult[], options: RenderOptions = {}): string {
  const summary = summaryOf(results, options)
  return safeJson({
    format: REPORT_FORMAT,
    tool: { name: 'docker-mtls', version: packageVersion(), vulnerabilities: TABLE_DATE },
    profile: results.find(isReport)?.profile,
    summary,
    checks: checksOf(results),
    exceptions: exceptionsOf(results),
    hosts: results.map((result) => (isReport(result) ? hostOf(result, summary.failOn) : { ok: false, ...result })),
  })
}

/** The facts of each check once. */
function checksOf(results: readonly AuditResult[]): CheckFacts[] {
  const facts = results.filter(isReport).flatMap(({ checks }) => checks)
  return [...new Map(facts.map((one) => [one.id, one])).values()]
}

function hostOf(report: AuditReport, failOn: Severity): object {
  const {
    target,
    at,
    engine,
    keyExchange,
    gateway,
    skipped,
    withoutHost,
    counts,
    accepted,
    unread,
    certificates,
    baseline,
    findings,
  } = report
  return {
    ok: unread.length === 0,
    target,
    at,
    engine,
    keyExchange,
    gateway,
    skipped,
    withoutHost,
    counts,
    accepted,
    unread,
    certificates,
    baseline,
    findings: findings.map((finding) => findingOf(finding, failOn)),
  }
}

function findingOf(finding: ReportedFinding, failOn: Severity): object {
  const { check, severity, status, subject, detail, exception, change } = finding
  const failing = isFailing(finding, failOn)
  return { check, severity, status, failing, subject: { ...subject, name: nameOf(subject) }, detail, exception, change }
}
